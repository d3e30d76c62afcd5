//! Words of credit notes, further invoices and refunds.

use super::Entry;
use super::texts::entry;

/// Reasons of adjustments.
pub(crate) const ENTRIES: &[Entry] = &[
    entry(
        "deleted-after-booking",
        [
            "Ordren ligger i webshoppens papirkurv, men af faktura nr. {number} står {left} {currency} tilbage i regnskabet.",
            "Den bogførte faktura ændres ikke, og der laves ingen kreditnota: webshops ryddes også op.",
            "Lav en kreditnota, hvis salget ikke skal stå, eller sæt credit.deletions til credit.",
        ],
        [
            "The order is in the webshop's bin, but {left} {currency} of invoice no. {number} is left in the accounts.",
            "The booked invoice is not changed and no credit note is made: shops are also tidied up.",
            "Make a credit note if the sale is not to stand, or set credit.deletions to credit.",
        ],
    ),
    entry(
        "voided-after-booking",
        [
            "Betalingen for ordren er opgivet i webshoppen, men af faktura nr. {number} står {left} {currency} tilbage i regnskabet.",
            "Den bogførte faktura ændres ikke.",
            "Lav en kreditnota for faktura nr. {number}, eller sæt credit.voided til credit.",
        ],
        [
            "The payment of the order was given up in the webshop, but {left} {currency} of invoice no. {number} is left in the accounts.",
            "The booked invoice is not changed.",
            "Make a credit note for invoice no. {number}, or set credit.voided to credit.",
        ],
    ),
    entry(
        "change-not-credited",
        [
            "Ordren lød på {booked} {currency}, da faktura nr. {number} blev bogført, og lyder nu på {total} {currency}.",
            "Forskellen overføres ikke, fordi credit.edits er ignore. Det er ikke en fejl.",
            "Lav selv en kreditnota eller en ekstra faktura for forskellen.",
        ],
        [
            "The order was for {booked} {currency} when invoice no. {number} was booked, and is now for {total} {currency}.",
            "The difference is not transferred, since credit.edits is ignore. This is not an error.",
            "Make a credit note or a further invoice for the difference yourself.",
        ],
    ),
    entry(
        "cancellation-not-credited",
        [
            "Ordren er faldet bort i webshoppen; af faktura nr. {number} står {left} {currency} tilbage i regnskabet.",
            "Der laves ingen kreditnota, fordi indstillingerne siger det. Det er ikke en fejl.",
            "Lav selv en kreditnota, hvis salget ikke skal stå.",
        ],
        [
            "The order fell away in the webshop; {left} {currency} of invoice no. {number} is left in the accounts.",
            "No credit note is made, since the settings say so. This is not an error.",
            "Make a credit note yourself if the sale is not to stand.",
        ],
    ),
    entry(
        "refund-to-be-decided",
        [
            "{refunded} {currency} er betalt tilbage i webshoppen på ordren, der står på faktura nr. {number}.",
            "Der laves ingen kreditnota, før det er afgjort: indstillingerne siger, at sådanne tilbagebetalinger skal holdes.",
            "Lav kreditnotaen selv, eller sæt credit.refunds-with-lines eller credit.refunds-by-amount til credit og kør ordren igen.",
        ],
        [
            "{refunded} {currency} was paid back in the webshop on the order of invoice no. {number}.",
            "No credit note is made until it is decided: the settings say that such refunds are held.",
            "Make the credit note yourself, or set credit.refunds-with-lines or credit.refunds-by-amount to credit and replay the order.",
        ],
    ),
    entry(
        "refund-exceeds-invoice",
        [
            "{refunded} {currency} er betalt tilbage i webshoppen, men af faktura nr. {number} står kun {left} {currency} tilbage.",
            "Der laves ingen kreditnota: der kan aldrig krediteres mere, end der er faktureret.",
            "Sammenhold tilbagebetalingerne i webshoppen med fakturaen, og bogfør det, der mangler, selv.",
        ],
        [
            "{refunded} {currency} was paid back in the webshop, but only {left} {currency} of invoice no. {number} is left.",
            "No credit note is made: never more can be credited than was invoiced.",
            "Hold the refunds in the webshop against the invoice, and book what is missing yourself.",
        ],
    ),
    entry(
        "refund-exceeds-order",
        [
            "{refunded} {currency} er betalt tilbage på ordre {order}, og det er mere, end der er på ordren.",
            "Ordren overføres ikke.",
            "Ret tilbagebetalingen eller ordren i webshoppen.",
        ],
        [
            "{refunded} {currency} was paid back on order {order}, which is more than the order holds.",
            "The order is not transferred.",
            "Correct the refund or the order in the webshop.",
        ],
    ),
    entry(
        "books-differ-from-shop",
        [
            "Af ordren står {left} {currency} i regnskabet, men efter webshoppen skulle det være {wanted} {currency} (faktura nr. {number}).",
            "Der laves ikke flere dokumenter for ordren.",
            "Find forskellen, for eksempel en slettet tilbagebetaling, og bogfør den selv.",
        ],
        [
            "{left} {currency} of the order stands in the accounts, but by the webshop it should be {wanted} {currency} (invoice no. {number}).",
            "No more documents are made for the order.",
            "Find the difference, such as a refund that was deleted, and book it yourself.",
        ],
    ),
    entry(
        "credit-note-removed",
        [
            "Kladden til en kreditnota eller ekstra faktura for faktura nr. {number} er slettet i regnskabet.",
            "Den laves ikke igen. Det er ikke en fejl.",
            "Der skal ikke gøres noget.",
        ],
        [
            "The draft of a credit note or further invoice for invoice no. {number} was deleted in the accounts.",
            "It is not made again. This is not an error.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "refunded-with-draft",
        [
            "Hele ordre {order} er betalt tilbage i webshoppen, men dokument nr. {number} ligger stadig ubogført i regnskabet.",
            "Dokumentet ændres og bogføres ikke.",
            "Slet dokument nr. {number} i regnskabet, eller bogfør det, så kreditnotaen kan følge. Det ses næste nat, eller når ordren køres igen.",
        ],
        [
            "The whole of order {order} was paid back in the webshop, but document no. {number} still lies unbooked in the accounts.",
            "The document is neither changed nor booked.",
            "Delete document no. {number} in the accounts, or book it so that the credit note can follow. It is seen the next night, or when the order is replayed.",
        ],
    ),
    entry(
        "voided-with-draft",
        [
            "Betalingen for ordre {order} er opgivet i webshoppen, men dokument nr. {number} ligger stadig ubogført i regnskabet.",
            "Dokumentet ændres og bogføres ikke.",
            "Slet dokument nr. {number} i regnskabet. Skal salget alligevel stå, så bogfør det selv. Det ses næste nat, eller når ordren køres igen.",
        ],
        [
            "The payment of order {order} was given up in the webshop, but document no. {number} still lies unbooked in the accounts.",
            "The document is neither changed nor booked.",
            "Delete document no. {number} in the accounts. If the sale is to stand all the same, book it yourself. It is seen the next night, or when the order is replayed.",
        ],
    ),
    entry(
        "changed-with-draft",
        [
            "Ordre {order} er ændret i webshoppen og skal efter indstillingerne ikke længere overføres, men dokument nr. {number} ligger ubogført i regnskabet, som ordren var før.",
            "Dokumentet ændres og bogføres ikke.",
            "Ret og bogfør dokument nr. {number} i regnskabet, hvis salget skal stå, eller slet det. Det ses næste nat, eller når ordren køres igen. Skal sådanne ordrer overføres, så ret trigger.handling eller trigger.filter.",
        ],
        [
            "Order {order} was changed in the webshop and by the settings is no longer to be transferred, but document no. {number} lies unbooked in the accounts as the order was before.",
            "The document is neither changed nor booked.",
            "Correct and book document no. {number} in the accounts if the sale is to stand, or delete it. It is seen the next night, or when the order is replayed. If such orders are to be transferred, change trigger.handling or trigger.filter.",
        ],
    ),
    entry(
        "refunded-before-transfer",
        [
            "Hele ordre {order} er betalt tilbage i webshoppen, før den blev overført.",
            "Ordren overføres ikke. Det er ikke en fejl.",
            "Der skal ikke gøres noget.",
        ],
        [
            "The whole of order {order} was paid back in the webshop before it was transferred.",
            "The order is not transferred. This is not an error.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "refund-split-by-rate",
        [
            "{refunded} {currency} er betalt tilbage uden varelinjer; momsen er fordelt efter satserne på det, der stod tilbage på fakturaen.",
            "Intet: kreditnotaen laves.",
            "Ret momsen på kreditnotaen, hvis beløbet hører til bestemte varer.",
        ],
        [
            "{refunded} {currency} was paid back without lines; its VAT is spread over the rates of what was left on the invoice.",
            "Nothing: the credit note is made.",
            "Correct the VAT of the credit note if the amount belongs to certain goods.",
        ],
    ),
    entry(
        "credited-on-refund-product",
        [
            "Varen {sku} ({name}) er spærret eller findes ikke mere i regnskabet; den krediteres på varen til refusioner.",
            "Intet: kreditnotaen laves, men varens lager flytter sig ikke.",
            "Ret lageret i hånden, hvis varen kom tilbage.",
        ],
        [
            "Product {sku} ({name}) is barred or no longer exists in the accounts; it is credited on the product for refunds.",
            "Nothing: the credit note is made, but the product's stock does not move.",
            "Correct the stock by hand if the goods came back.",
        ],
    ),
    entry(
        "credited-by-another",
        [
            "Faktura {number} med referencen {reference} er fra en anden integration, som også har lavet kreditnota {credit-note}; webshoppen har betalt {refunded} {currency} tilbage.",
            "Ordren er ikke overført, og der laves ingen kreditnota: tilbagebetalingen kan allerede være krediteret.",
            "Sæt credit.from til den dag, hvor Bogbro overtog, så tidligere tilbagebetalinger ikke krediteres igen, og overfør ordren på ny.",
        ],
        [
            "Invoice {number} with the reference {reference} is another integration's, which also made credit note {credit-note}; the webshop paid {refunded} {currency} back.",
            "The order is not transferred and no credit note is made: the refund may be credited already.",
            "Set credit.from to the day on which Bogbro took over, so that earlier refunds are not credited again, and transfer the order anew.",
        ],
    ),
    entry(
        "invoice-unknown",
        [
            "Fakturaen for ordre {order} kendes, men ikke hvad der stod på den.",
            "Der laves ingen kreditnota.",
            "Lav kreditnotaen selv.",
        ],
        [
            "The invoice of order {order} is known, but not what stood on it.",
            "No credit note is made.",
            "Make the credit note yourself.",
        ],
    ),
    entry(
        "setting-document-kind",
        [
            "En ordre kan ikke blive en kreditnota.",
            "Indstillingerne er ikke gemt.",
            "Vælg order, draft-invoice eller booked-invoice; kreditnotaer styres under credit.",
        ],
        [
            "An order cannot become a credit note.",
            "The settings are not saved.",
            "Choose order, draft-invoice or booked-invoice; credit notes are set under credit.",
        ],
    ),
];
