//! Every key of the table and every object key of the bucket is made here, from the merchant.
//!
//! The one exception is the directory of connections: a webhook brings nothing but its connection's id, or the name of a shop that leads
//! to such ids, and that record says whose it is. Everything after it is asked for under that merchant's prefix, so an id of another merchant's, put
//! into a command, a message or a page token, finds nothing.

use domain::{ConnectionId, EntityId, EntityKind, MerchantId, TransferId};

/// Partition and sort key of an item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemKey {
    /// Partition key (`pk`).
    pub partition: String,
    /// Sort key (`sk`).
    pub sort: String,
}

/// How rows begin under which payouts are found by month.
const MONTH: &str = "month#";

/// Under what a payout is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayoutPlace<'a> {
    /// A month (`2026-02`) that one of its days is in, with the acquirer; empty where it has no day.
    Month(&'a str, &'a str),
    /// The day of UTC that it was posted on.
    Posted(&'a str),
    /// Its short name.
    Name(&'a str),
    /// Its batch.
    Batch(&'a str),
    /// No payout, but a file that was refused when it came for this flow: named by its hash.
    Refused(&'a str),
}

impl PayoutPlace<'_> {
    /// The sort keys of all rows of payouts without a day: from the first to before the last.
    pub const UNDATED: (&'static str, &'static str) = ("month##", "month#$");

    /// The sort keys of all rows of these months: from the first to before the last.
    pub fn months(first: &str, last: &str) -> (String, String) {
        (format!("{MONTH}{first}#"), format!("{MONTH}{last}$"))
    }

    /// The sort keys of all rows of refused files: from the first to before the last.
    pub const REFUSED: (&'static str, &'static str) = ("refused#", "refused$");

    /// True for the sort key of a row by month that is of this acquirer.
    pub fn is_of(sort: &str, acquirer: &str) -> bool {
        sort.split('#').nth(2) == Some(escape(acquirer).as_str())
    }
}

/// The key of the record that is nobody's: ledger epoch, pause of everything.
pub fn global() -> ItemKey {
    ItemKey { partition: "global".to_owned(), sort: "global".to_owned() }
}

/// The partition in which all merchants are listed.
pub const MERCHANTS: &str = "merchants";

/// A merchant in the list of all.
pub fn merchants(merchant: &MerchantId) -> ItemKey {
    ItemKey { partition: MERCHANTS.to_owned(), sort: escape(merchant.as_str()) }
}

/// The key of a connection in the directory.
pub fn directory(connection: &ConnectionId) -> ItemKey {
    ItemKey {
        partition: format!("connection#{}", escape(connection.as_str())),
        sort: "connection".to_owned(),
    }
}

/// The key of the connections that name a shop: one app delivers for all its shops to one address, and the delivery names the shop.
pub fn shop(name: &str) -> ItemKey {
    ItemKey { partition: format!("shop#{}", escape(name)), sort: "connections".to_owned() }
}

/// The record of the pause of everything.
pub fn global_pause() -> ItemKey {
    ItemKey { partition: "global".to_owned(), sort: "pause".to_owned() }
}

/// The record of which table this is.
pub fn table_id() -> ItemKey {
    ItemKey { partition: "global".to_owned(), sort: "table".to_owned() }
}

/// A shard of the index of due transfers.
pub fn due_shard(number: u8) -> String {
    format!("due#{number}")
}

/// Where files are dropped that are to be taken in: the bucket tells of every object below it.
pub const DROPPED: &str = "drop/";

/// Where mails to the operator's domain are delivered: the bucket tells of every object below it.
pub const MAILED: &str = "mail/";
/// What SES puts there when the rule is made, to see that it may.
const SET_UP: &str = "AMAZON_SES_SETUP_NOTIFICATION";

/// The partition of the mails of which nobody knows whose they are.
pub const UNDELIVERED: &str = "undelivered-mails";

/// A mail of which nobody knows whose it is.
pub fn undelivered(object: &str) -> ItemKey {
    ItemKey { partition: UNDELIVERED.to_owned(), sort: escape(object) }
}

/// The name of a mail that was delivered to the bucket: `mail/NAME`; `None` for any other object.
pub fn mailed(object: &str) -> Option<&str> {
    let name = object.strip_prefix(MAILED)?;
    (!name.is_empty() && !name.contains('/') && name != SET_UP).then_some(name)
}

/// The keys of one merchant's items.
#[derive(Clone, Debug)]
pub struct Keys {
    prefix: String,
}

impl Keys {
    /// The keys of this merchant.
    pub fn of(merchant: &MerchantId) -> Keys {
        Keys { prefix: format!("m#{}", escape(merchant.as_str())) }
    }

    fn item(&self, partition: &str, sort: String) -> ItemKey {
        ItemKey { partition: format!("{}#{partition}", self.prefix), sort }
    }

    /// The merchant's own record.
    pub fn merchant(&self) -> ItemKey {
        self.item("merchant", "merchant".to_owned())
    }

    /// One version of the settings file; never changed once written.
    pub fn settings(&self, version: u64) -> ItemKey {
        self.item("merchant", format!("settings#{version:012}"))
    }

    fn transfer(&self, transfer: &TransferId) -> String {
        format!(
            "transfer#{}#{}#{}",
            escape(&transfer.source),
            transfer.kind.as_str(),
            escape(transfer.entity.as_str())
        )
    }

    /// The head of a transfer. Its own merchant is not looked at: the prefix is this one's.
    pub fn head(&self, transfer: &TransferId) -> ItemKey {
        self.item(&self.transfer(transfer), "head".to_owned())
    }

    /// A row of the log; `row` sorts in the order of writing.
    pub fn log(&self, transfer: &TransferId, row: &str) -> ItemKey {
        self.item(&self.transfer(transfer), format!("log#{row}"))
    }

    /// The partition of the index in which a number leads to the head of its transfer.
    pub fn number_index(&self, kind: &str, number: &str) -> String {
        format!("{}#{}#{}", self.prefix, escape(kind), escape(number))
    }

    /// Master data of a target, which stands once under its hash.
    pub fn master(&self, hash: &str) -> ItemKey {
        self.item("master", escape(hash))
    }

    /// A number by which people search (an order, draft or invoice number), leading to one transfer.
    pub fn number(&self, kind: &str, number: &str, transfer: &TransferId) -> ItemKey {
        let ItemKey { partition, sort } = self.numbers(kind, number);
        ItemKey { partition, sort: format!("{sort}{}", self.transfer(transfer)) }
    }

    /// All transfers that one number leads to: the partition, and how their sort keys begin.
    pub fn numbers(&self, kind: &str, number: &str) -> ItemKey {
        self.item(&format!("number#{}", escape(number)), format!("{}#", escape(kind)))
    }

    /// A pause of the merchant, or of one connection.
    pub fn pause(&self, connection: Option<&ConnectionId>) -> ItemKey {
        let sort = match connection {
            None => "pause#merchant".to_owned(),
            Some(connection) => format!("pause#connection#{}", escape(connection.as_str())),
        };
        self.item("merchant", sort)
    }

    /// A lock on a thing that several transfers may want to make.
    pub fn lock(&self, name: &str) -> ItemKey {
        self.item(&format!("lock#{}", escape(name)), "lock".to_owned())
    }

    /// Where the sweep of a connection stands.
    pub fn cursor(&self, connection: &ConnectionId) -> ItemKey {
        self.item("cursor", escape(connection.as_str()))
    }

    /// The calls of a connection's day.
    pub fn quota(&self, connection: &ConnectionId) -> ItemKey {
        self.item("quota", escape(connection.as_str()))
    }

    /// A delivery or message that was authentic but could not be taken further.
    pub fn parked(&self, id: &str) -> ItemKey {
        self.item(&format!("parked#{}", escape(id)), "parked".to_owned())
    }

    /// How far the walk over held transfers has come that one kind of occasion began.
    pub fn held(&self, occasion: &str) -> ItemKey {
        self.item("held", escape(occasion))
    }

    /// A report to a recipient.
    pub fn report(&self, recipient: &str, kind: &str) -> ItemKey {
        self.item("report", format!("{}#{}", escape(kind), escape(recipient)))
    }

    /// What the nightly comparison of one connection and day found.
    pub fn comparison(&self, connection: &ConnectionId, day: jiff::civil::Date) -> ItemKey {
        self.item("comparison", format!("{day}#{}", escape(connection.as_str())))
    }

    /// When transfers were asked to look at the books before the comparison of a connection and day.
    pub fn comparison_asked(&self, connection: &ConnectionId, day: jiff::civil::Date) -> ItemKey {
        self.item("comparison-asked", format!("{day}#{}", escape(connection.as_str())))
    }

    /// The partition of the comparisons of all connections and days.
    pub fn comparisons(&self) -> String {
        self.item("comparison", String::new()).partition
    }

    /// How far a shop's list of a day's changes was read for the nightly comparison.
    pub fn listed_changes(&self, connection: &ConnectionId) -> ItemKey {
        self.item("listed-changes", escape(connection.as_str()))
    }

    /// How far an acquirer that is listed day by day has been listed.
    pub fn listed_days(&self, connection: &ConnectionId) -> ItemKey {
        self.item("listed-days", escape(connection.as_str()))
    }

    /// How far a gateway has been asked which orders its payments are of.
    pub fn asked_gateway(&self, connection: &ConnectionId) -> ItemKey {
        self.item("asked-gateways", escape(connection.as_str()))
    }

    /// The partition of what gateways say of references.
    pub fn links(&self) -> String {
        self.item("links", String::new()).partition
    }

    /// What a gateway says of one reference: the partition, and how the sort keys begin. What it says of it is told apart by its hash.
    pub fn links_of(&self, connection: &ConnectionId, reference: &str) -> ItemKey {
        self.item("links", format!("{}#{}#", escape(connection.as_str()), escape(reference)))
    }

    /// Where the stock of a flow stands.
    pub fn stock(&self, flow: &str) -> ItemKey {
        self.item("stock", escape(flow))
    }

    /// A payout, below its acquirer's account.
    pub fn payout(&self, acquirer: &str, account: &str, name: &str) -> ItemKey {
        let ItemKey { partition, sort } = self.payouts(acquirer, account);
        ItemKey { partition, sort: format!("{sort}{}", escape(name)) }
    }

    /// The payouts of one acquirer's account: the partition, and how their sort keys begin.
    pub fn payouts(&self, acquirer: &str, account: &str) -> ItemKey {
        self.item("payouts", format!("{}#{}#", escape(acquirer), escape(account)))
    }

    /// A row under which a payout is found; without a name, how the rows of that place begin.
    pub fn payout_at(&self, place: &PayoutPlace<'_>, name: &str) -> ItemKey {
        let sort = match place {
            PayoutPlace::Month(month, acquirer) => {
                format!("{MONTH}{month}#{}#{}", escape(acquirer), escape(name))
            }
            PayoutPlace::Posted(day) => format!("posted#{day}#{}", escape(name)),
            PayoutPlace::Name(known) => format!("name#{}#{}", escape(known), escape(name)),
            PayoutPlace::Refused(flow) => format!("refused#{}#{}", escape(flow), escape(name)),
            // As long as an acquirer makes it: a sort key is not.
            PayoutPlace::Batch(batch) => {
                format!("batch#{}#{}", crate::queue::hash(batch.as_bytes()), escape(name))
            }
        };
        self.item("payout-index", sort)
    }

    /// How far the rows under which payouts are found may be believed.
    pub fn payouts_walked(&self) -> ItemKey {
        self.item("payout-index", "walked".to_owned())
    }

    /// What overviews need of one posting of a payout.
    pub fn payout_summary(&self, name: &str, plan: &str) -> ItemKey {
        self.item("payout-summaries", format!("{}#{}", escape(name), escape(plan)))
    }

    /// What became of a file that came in for a flow of payouts.
    pub fn payout_file(&self, flow: &str, sha256: &str) -> ItemKey {
        self.item("payout-files", format!("{}#{}", escape(flow), escape(sha256)))
    }

    /// The address to which reports of a flow of payouts are mailed.
    pub fn mail_address(&self, flow: &str) -> ItemKey {
        self.item("mail-address", escape(flow))
    }

    /// The partition of those of all flows.
    pub fn mail_addresses(&self) -> String {
        self.item("mail-address", String::new()).partition
    }

    /// A voucher number in a journal's series of one accounting year.
    pub fn voucher_number(&self, agreement: &str, journal: u32, year: &str, number: u32) -> ItemKey {
        let series = format!("voucher#{}#{journal}#{}", escape(agreement), escape(year));
        self.item(&series, format!("{number:012}"))
    }

    /// What payouts paid of a document.
    pub fn paid(&self, agreement: &str, document: &str) -> ItemKey {
        self.item(&format!("paid#{}#{}", escape(agreement), escape(document)), "paid".to_owned())
    }

    /// The partition of the index of payouts that need somebody or something.
    pub fn payout_attention(&self) -> String {
        format!("{}#payout-attention", self.prefix)
    }

    /// The partition of the index of the files that came in for payouts.
    pub fn payout_files(&self) -> String {
        format!("{}#payout-files", self.prefix)
    }

    /// The object under which a file is dropped for a flow of payouts.
    pub fn dropped_object(&self, flow: &str, file: &str) -> String {
        format!("{DROPPED}{}/{}/{file}", self.prefix.replace('#', "/"), escape(flow))
    }

    /// How the names of all of the merchant's objects begin: of what is kept, of what is soon replaced or on its way, of what was dropped.
    pub fn object_prefixes(&self) -> [String; 3] {
        let dropped = format!("{DROPPED}{}/", self.prefix.replace('#', "/"));
        [self.object(""), self.passing_object(""), dropped]
    }

    /// The chain of the merchant's segments: the partition, and how their sort keys begin.
    pub fn segments(&self) -> ItemKey {
        self.item("segments", "segment#".to_owned())
    }

    /// The record of one segment of the log.
    pub fn segment(&self, sequence: u64) -> ItemKey {
        self.item("segments", format!("segment#{sequence:012}"))
    }

    /// A request about a person's data.
    pub fn privacy(&self, request: &str) -> ItemKey {
        self.item("privacy", escape(request))
    }

    /// How far the moving and erasing of old records has come.
    pub fn retention(&self) -> ItemKey {
        self.item("retention", "retention".to_owned())
    }

    /// The partition of the index by person.
    pub fn person(&self, name: &str) -> String {
        format!("{}#person#{}", self.prefix, escape(name))
    }

    /// The partition of the index of what needs the merchant's attention.
    pub fn attention(&self) -> String {
        format!("{}#attention", self.prefix)
    }

    /// The partition of the index of deliveries that could not be understood.
    pub fn parked_attention(&self) -> String {
        format!("{}#parked", self.prefix)
    }

    /// The partition of the index of what was set aside and then dismissed by a person.
    pub fn dismissed_attention(&self) -> String {
        format!("{}#dismissed", self.prefix)
    }

    /// The partition of the index by local day.
    pub fn day(&self, day: &str) -> String {
        format!("{}#day#{}", self.prefix, escape(day))
    }

    /// An object of the bucket that is replaced often, and of which only the present version matters.
    pub fn passing_object(&self, name: &str) -> String {
        format!("passing/{}", self.object(name))
    }

    /// An object of the bucket. Delivered bodies stand apart, because they are needed for as long as a message can be on its
    /// way, and the bucket drops them after that.
    pub fn object(&self, name: &str) -> String {
        // Object names keep their slashes; what could climb out of the prefix does not exist in a bucket's flat names.
        let own = format!("{}/{name}", self.prefix.replace('#', "/"));
        if name.starts_with("deliveries/") { format!("passing/{own}") } else { own }
    }
}

/// Whose file a dropped object is, for which flow, and its name: `drop/m/MERCHANT/FLOW/NAME`. An object whose name ends in a slash is a
/// folder that somebody made in a console, and no file.
pub fn dropped(object: &str) -> Option<(MerchantId, String, String)> {
    let mut parts = object.strip_prefix(DROPPED)?.splitn(4, '/');
    let (marker, merchant, flow, name) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let named = ![merchant, flow, name].iter().any(|part| part.is_empty());
    let whole = marker == "m" && named && !name.ends_with('/');
    whole.then(|| (MerchantId::new(unescape(merchant)), unescape(flow), name.to_owned()))
}

/// The day and the connection of a comparison, by its sort key.
pub fn compared(sort: &str) -> Option<(jiff::civil::Date, ConnectionId)> {
    let (day, connection) = sort.split_once('#')?;
    Some((day.parse().ok()?, ConnectionId::new(unescape(connection))))
}

/// The transfer whose items stand in this partition; `None` when it is none, or another merchant's.
pub fn transfer_of(partition: &str, merchant: &MerchantId) -> Option<TransferId> {
    let parts: Vec<&str> = partition.split('#').collect();
    let ["m", owner, "transfer", source, kind, entity] = parts.as_slice() else { return None };
    let kind = [EntityKind::Order, EntityKind::Product].into_iter().find(|known| known.as_str() == *kind)?;
    (unescape(owner) == merchant.as_str()).then(|| TransferId {
        merchant: merchant.clone(),
        source: unescape(source),
        kind,
        entity: EntityId::new(unescape(entity)),
    })
}

/// The merchant in whose part of the table this partition lies.
pub fn merchant_of(partition: &str) -> Option<MerchantId> {
    let mut parts = partition.split('#');
    (parts.next() == Some("m")).then(|| parts.next()).flatten().map(|owner| MerchantId::new(unescape(owner)))
}

fn unescape(part: &str) -> String {
    part.replace("%2f", "/").replace("%23", "#").replace("%25", "%")
}

/// Keeps the separator out of the parts.
fn escape(part: &str) -> String {
    part.replace('%', "%25").replace('#', "%23").replace('/', "%2f")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn transfer(merchant: &str, entity: &str) -> TransferId {
        TransferId {
            merchant: MerchantId::new(merchant),
            source: "woocommerce:shop.example".to_owned(),
            kind: EntityKind::Order,
            entity: EntityId::new(entity),
        }
    }

    fn all_of(merchant: &str, foreign: &TransferId) -> Vec<String> {
        let keys = Keys::of(&MerchantId::new(merchant));
        let connection = ConnectionId::new("c1");
        let items = [
            keys.merchant(),
            keys.settings(1),
            keys.head(foreign),
            keys.master("hash"),
            keys.held("night"),
            keys.log(foreign, "1#1"),
            keys.number("invoice", "1", foreign),
            keys.pause(None),
            keys.pause(Some(&connection)),
            keys.lock("customer"),
            keys.cursor(&connection),
            keys.asked_gateway(&connection),
            keys.links_of(&connection, "reference"),
            keys.quota(&connection),
            keys.parked("1"),
            keys.report("a", "errors"),
            keys.comparison(&connection, jiff::civil::date(2026, 1, 1)),
            keys.listed_days(&connection),
            keys.segments(),
            keys.segment(1),
            keys.privacy("1"),
            keys.retention(),
            keys.payout("stripe", "a", "1"),
            keys.payouts("stripe", "a"),
            keys.payout_at(&PayoutPlace::Month("2026-02", "stripe"), "1"),
            keys.payout_at(&PayoutPlace::Posted("2026-02-09"), "1"),
            keys.payout_at(&PayoutPlace::Name("1"), "1"),
            keys.payout_at(&PayoutPlace::Batch("po_1"), "1"),
            keys.payout_at(&PayoutPlace::Refused("payouts"), "hash"),
            keys.payouts_walked(),
            keys.payout_summary("1", "hash"),
            keys.payout_file("payouts", "hash"),
            keys.mail_address("payouts"),
            keys.voucher_number("1", 1, "2026", 1),
            keys.paid("1", "1"),
        ];
        let mut all: Vec<String> =
            items.iter().map(|key| format!("{}|{}", key.partition, key.sort)).collect();
        all.extend([
            keys.attention(),
            keys.parked_attention(),
            keys.dismissed_attention(),
            keys.day("2026-01-01"),
            keys.number_index("invoice", "1"),
            keys.person("a"),
            keys.payout_attention(),
            keys.payout_files(),
            keys.mail_addresses(),
            keys.dropped_object("payouts", "report.csv"),
            keys.object("deliveries/1"),
            keys.object("segments/1"),
            keys.comparisons(),
        ]);
        all.extend(keys.object_prefixes());
        all
    }

    #[test]
    fn a_foreign_merchants_id_never_resolves() {
        // Two merchants ask for the very same things, one of them with the other's transfer in hand, and with names made
        // to look like the other's keys: no key of one is a key of the other.
        let foreign = transfer("alpha", "1");
        let alpha: HashSet<String> = all_of("alpha", &foreign).into_iter().collect();
        for other in ["beta", "alph", "alpha#transfer", "alpha%23", "", "ALPHA", "alpha/"] {
            for key in all_of(other, &foreign) {
                assert!(!alpha.contains(&key), "{other:?} reaches {key}");
            }
        }
    }

    #[test]
    fn rows_of_months_lie_between_their_bounds_and_name_their_acquirer() {
        let keys = Keys::of(&MerchantId::new("alpha"));
        let row = |month, acquirer| keys.payout_at(&PayoutPlace::Month(month, acquirer), "name").sort;
        let within = |row: &String, (from, to): (&str, &str)| from <= row.as_str() && row.as_str() < to;
        let (from, to) = PayoutPlace::months("2025-12", "2026-02");
        for acquirer in ["stripe", "Ærø#bank", "~"] {
            for (month, dated, undated) in [
                ("", false, true),
                ("2025-11", false, false),
                ("2025-12", true, false),
                ("2026-02", true, false),
                ("2026-03", false, false),
            ] {
                let row = row(month, acquirer);
                assert_eq!(within(&row, (&from, &to)), dated, "{row}");
                assert_eq!(within(&row, PayoutPlace::UNDATED), undated, "{row}");
                assert!(PayoutPlace::is_of(&row, acquirer), "{row}");
                assert!(!PayoutPlace::is_of(&row, "strip"), "{row}");
            }
        }
    }

    #[test]
    fn a_partition_leads_back_to_its_transfer_and_to_nobody_elses() {
        for (source, entity) in [("woocommerce:shop.example", "1"), ("a#b%23/c", "gid://shopify/Order/5#x")] {
            let id = TransferId { source: source.to_owned(), ..transfer("alpha", entity) };
            let partition = Keys::of(&id.merchant).head(&id).partition;
            assert_eq!(transfer_of(&partition, &id.merchant), Some(id.clone()));
            assert_eq!(transfer_of(&partition, &MerchantId::new("beta")), None);
            assert_eq!(merchant_of(&partition), Some(id.merchant));
        }
        assert_eq!(transfer_of("m#alpha#merchant", &MerchantId::new("alpha")), None);
    }

    #[test]
    fn a_merchants_objects_are_found_by_their_prefixes_and_nobody_elses() {
        let (alpha, beta) = (Keys::of(&MerchantId::new("alpha")), Keys::of(&MerchantId::new("alpha2")));
        let objects = |keys: &Keys| {
            [
                keys.object("segments/1"),
                keys.object("deliveries/1"),
                keys.passing_object("stock/1"),
                keys.dropped_object("stripe", "report.csv"),
            ]
        };
        let prefixes = alpha.object_prefixes();
        let found = |object: &String| prefixes.iter().any(|prefix| object.starts_with(prefix));
        assert!(objects(&alpha).iter().all(found));
        assert!(!objects(&beta).iter().any(found));
    }

    #[test]
    fn a_comparison_says_of_which_day_and_connection_it_is() {
        let (day, connection) = (jiff::civil::date(2026, 11, 27), ConnectionId::new("a#1/%"));
        let key = Keys::of(&MerchantId::new("alpha")).comparison(&connection, day);
        assert_eq!(compared(&key.sort), Some((day, connection)));
        assert_eq!(compared("2026-11-27"), None);
    }

    #[test]
    fn a_dropped_object_says_whose_it_is_and_for_which_flow() {
        for (merchant, flow) in [("alpha", "payouts"), ("al#pha", "a/b%2f")] {
            let object = Keys::of(&MerchantId::new(merchant)).dropped_object(flow, "2026/report.csv");
            let found = dropped(&object).expect("it is whole");
            assert_eq!(found, (MerchantId::new(merchant), flow.to_owned(), "2026/report.csv".to_owned()));
        }
        for other in [
            "drop/m/alpha/payouts/",
            "drop/m/alpha/payouts/2026/",
            "drop/m/alpha",
            "m/alpha/payouts/x",
            "drop/x/a/b/c",
            "drop/m//b/c",
        ] {
            assert_eq!(dropped(other), None, "{other}");
        }
    }

    #[test]
    fn parts_cannot_run_into_each_other() {
        let keys = Keys::of(&MerchantId::new("a"));
        assert_ne!(
            keys.head(&TransferId { source: "x#order".to_owned(), ..transfer("a", "1") }),
            keys.head(&TransferId { entity: EntityId::new("order#1"), ..transfer("a", "1") })
        );
        assert_ne!(keys.lock("a#b").partition, keys.lock("a%23b").partition);
    }
}
