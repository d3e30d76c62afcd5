//! Words for what is found in the records themselves: a day whose sums do not agree, and requests about a person's data.

use super::Entry;
use super::texts::entry;

pub(crate) const ENTRIES: &[Entry] = &[
    entry(
        "person-erased",
        [
            "Persondata i denne overførsels log er slettet (anmodning {request}).",
            "Intet er stoppet. Numre, beløb og datoer er bevaret.",
            "Der skal ikke gøres noget.",
        ],
        [
            "The personal data in this transfer's log are erased (request {request}).",
            "Nothing is stopped. Numbers, amounts and dates are kept.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "order-erased",
        [
            "Ordrens persondata blev slettet {date}, før den var bogført.",
            "Den overføres ikke mere, heller ikke når webshoppen melder ændringer, for så skulle persondata gemmes igen.",
            "Er den et salg, der ikke står i regnskabet, så bogfør den i hånden efter webshoppens beløb. Gensend den derefter, så den går af listen; den overføres ikke.",
        ],
        [
            "The order's personal data were erased on {date}, before it was booked.",
            "It is transferred no more, not even when the shop tells of changes, since personal data would have to be kept again.",
            "If it is a sale that is not in the accounts, book it by hand by the shop's amounts. Then replay it to take it off the list; it is not transferred.",
        ],
    ),
    entry(
        "books-other-day",
        [
            "Bilag {number} ({reference}) er bogført {day}, men Bogbro har det noteret på en anden dag.",
            "Intet er stoppet, men dagens sum stemmer ikke.",
            "En person kan have ændret datoen på kladden. Ret intet, hvis datoen er rigtig; gensend ellers ordren.",
        ],
        [
            "Document {number} ({reference}) is booked on {day}, but Bogbro has noted it on another day.",
            "Nothing is stopped, but the sum of the day does not agree.",
            "A person may have changed the draft's date. Change nothing if the date is right; replay the order otherwise.",
        ],
    ),
    entry(
        "books-sums",
        [
            "Antal og sum for {day} stemmer ikke: ordrerne, som de blev læst, {source}, Bogbro {ledger}, regnskab {accounting}.",
            "Intet er stoppet, men dagens salg er ikke bogført, som Bogbro har noteret det.",
            "Se de bilag, der er nævnt for samme dag, og gensend deres ordrer, når forskellen er afklaret.",
        ],
        [
            "Count and sum of {day} do not agree: the orders as they were read {source}, Bogbro {ledger}, accounts {accounting}.",
            "Nothing is stopped, but the day's sales are not booked as Bogbro has noted them.",
            "Look at the documents named for the same day, and replay their orders when the difference is settled.",
        ],
    ),
    entry(
        "privacy-data-request",
        [
            "En kunde har gennem {shop} bedt om at se sine data (anmodning {request}).",
            "Intet er stoppet. Kunden skal have svar inden 30 dage.",
            "Bed den, der driver Bogbro, om kundens data: `bogbro privacy export {merchant} {request} MAPPE`. Udlevér dem til kunden.",
        ],
        [
            "A customer has asked through {shop} to see their data (request {request}).",
            "Nothing is stopped. The customer must have an answer within 30 days.",
            "Ask whoever runs Bogbro for the customer's data: `bogbro privacy export {merchant} {request} FOLDER`. Hand them to the customer.",
        ],
    ),
    entry(
        "privacy-erasure",
        [
            "En kunde skal glemmes (anmodning {request}, {shop}): persondata i {erased} overførsler er slettet, {kept} mangler.",
            "Intet er stoppet. Bogførte salg gemmes, så længe bogføringsloven kræver det.",
            "Der skal ikke gøres noget. Det, der mangler, slettes af sig selv, det sidste {until}. Husk webshoppens og regnskabets egne kundekort.",
        ],
        [
            "A customer is to be forgotten (request {request}, {shop}): the personal data of {erased} transfers are erased, {kept} are left.",
            "Nothing is stopped. Booked sales are kept for as long as bookkeeping law demands.",
            "Nothing needs to be done. What is left is erased by itself, the last of it on {until}. Remember the customer cards of the webshop and of the accounts.",
        ],
    ),
    entry(
        "privacy-erasure-done",
        [
            "Anmodning {request} ({shop}) om at glemme kunder er udført: persondata i {erased} overførsler er slettet.",
            "Intet er stoppet. Numre, beløb og datoer er bevaret.",
            "Der skal ikke gøres noget. Husk webshoppens og regnskabets egne kundekort.",
        ],
        [
            "Request {request} ({shop}) to forget customers is carried out: the personal data of {erased} transfers are erased.",
            "Nothing is stopped. Numbers, amounts and dates are kept.",
            "Nothing needs to be done. Remember the customer cards of the webshop and of the accounts.",
        ],
    ),
    entry(
        "privacy-shop-erasure",
        [
            "{shop} har fjernet forbindelsen og bedt om, at alle dens kunder glemmes (anmodning {request}): persondata i {erased} overførsler er slettet, {kept} mangler.",
            "Nye ordrer fra {shop} kommer ikke længere. Bogførte salg gemmes, så længe bogføringsloven kræver det.",
            "Der skal ikke gøres noget. Det, der mangler, slettes af sig selv, det sidste {until}.",
        ],
        [
            "{shop} has removed the connection and asked that all its customers be forgotten (request {request}): the personal data of {erased} transfers are erased, {kept} are left.",
            "New orders of {shop} do not come any more. Booked sales are kept for as long as bookkeeping law demands.",
            "Nothing needs to be done. What is left is erased by itself, the last of it on {until}.",
        ],
    ),
];
