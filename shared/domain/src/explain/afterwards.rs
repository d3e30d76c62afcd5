//! Words for what happens once a document stands: the order it took the place of, and the payment that comes later.

use super::Entry;
use super::texts::entry;

pub(crate) const ENTRIES: &[Entry] = &[
    entry(
        "sales-order-not-closed",
        [
            "Fakturaen er lavet, men salgsordre nr. {number}, som den afløser, kunne ikke lukkes: {message}.",
            "Kun salgsordren, som stadig reserverer lager.",
            "Luk eller slet salgsordre nr. {number} i regnskabet, og gensend ordren.",
        ],
        [
            "The invoice is made, but sales order no. {number}, whose place it takes, could not be closed: {message}.",
            "Only the sales order, which still reserves stock.",
            "Close or delete sales order no. {number} in the accounts, and replay the order.",
        ],
    ),
    entry(
        "document-forgotten",
        [
            "Bilag nr. {number} ({reference}) er lavet af en rettelse af ordre {order}, men kendes ikke efter genskabelsen fra en sikkerhedskopi.",
            "Der laves ikke flere bilag af ordren, for de ville blive regnet forkert.",
            "Sammenlign ordren med dens bilag i regnskabet, og ret forskellen i hånden.",
        ],
        [
            "Document no. {number} ({reference}) was made of an edit of order {order}, and is not known after the restore from a backup.",
            "No further documents are made of the order, since they would be reckoned wrongly.",
            "Compare the order with its documents in the accounts, and settle the difference by hand.",
        ],
    ),
    entry(
        "order-edited-by-person",
        [
            "Salgsordre nr. {number} er rettet af en person i regnskabet; rettelserne bevares.",
            "Fakturaen, der skulle afløse den, laves ikke.",
            "Fakturér salgsordren i hånden, eller gensend ordren for at lade fakturaen afløse den.",
        ],
        [
            "Sales order no. {number} was edited by a person in the accounts; the edits are kept.",
            "The invoice that was to take its place is not made.",
            "Invoice the sales order by hand, or replay the order to let the invoice take its place.",
        ],
    ),
    entry(
        "payment-differs",
        [
            "Fakturaen er bogført, og betalingen står i kassekladden, men anderledes end bestilt: {message}.",
            "Betalingen registreres ikke igen.",
            "Ret posteringen i kassekladden, før den bogføres.",
        ],
        [
            "The invoice is booked, and the payment stands in the journal, but otherwise than asked for: {message}.",
            "The payment is not registered again.",
            "Correct the entry in the journal before it is booked.",
        ],
    ),
];
