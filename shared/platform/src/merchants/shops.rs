//! Which connections a shop's own name leads to.
//!
//! An app that stands in many shops delivers for all of them to one address, which is one connection's: what is to be done with such a
//! delivery is found by the shop that it names. The names lead to connections whosever they are; whether one is really that shop's, and
//! of the app that delivered, is seen in its own merchant's file and secrets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::ConnectionId;
use domain::settings::{Connection, MerchantFile};

use super::writing::Writing;
use super::{Merchants, WebhookConnection};
use crate::failure::PlatformError;
use crate::keys;
use crate::table::{Change, Reading, SCHEMA, number};

const CONNECTIONS: &str = "connections";

/// The names of a shop: what its identity says behind the system's name, and the host of its base URL.
fn names(connection: &Connection) -> BTreeSet<String> {
    let Some(source) = &connection.source else { return BTreeSet::new() };
    let own = source.split_once(':').map_or(source.as_str(), |(_, name)| name);
    let url = connection.base_urls.get("main").and_then(|url| reqwest::Url::parse(url).ok());
    let host = url.and_then(|url| url.domain().map(str::to_owned));
    let names = host.iter().map(String::as_str).chain([own]);
    names.map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect()
}

/// The connections of a file by the names of their shops.
fn by_name(file: &MerchantFile) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let shops = file.connections.iter().filter(|one| connectors::registry::webshop(&one.system).is_some());
    for connection in shops {
        for name in names(connection) {
            found.entry(name).or_default().push(connection.id.to_string());
        }
    }
    found
}

/// Lets the names of a merchant's shops lead to their connections. One that has gone may stay beside another of the name: what it leads to
/// is looked at before it is believed.
pub(super) fn note(writing: &mut Writing, before: Option<&MerchantFile>, after: &MerchantFile) {
    let (gone, now) = (before.map(by_name).unwrap_or_default(), by_name(after));
    for (name, connections) in &now {
        let mut change = Change::new();
        change.set("schema", number(SCHEMA)).put_in(CONNECTIONS, connections.clone());
        writing.change(&keys::shop(name), change);
    }
    for (name, connections) in gone.into_iter().filter(|(name, _)| !now.contains_key(name)) {
        let mut change = Change::new();
        change.set("schema", number(SCHEMA)).take_out(CONNECTIONS, connections);
        writing.change(&keys::shop(&name), change);
    }
}

impl Merchants {
    /// The connections of a system whose shop has this name: the one that was delivered to, where it is that shop's, and others. Whether
    /// the delivery is theirs is the caller's to verify with their own secrets.
    ///
    /// # Errors
    /// As AWS says.
    pub async fn of_shop(
        &self,
        delivered_to: &WebhookConnection,
        name: &str,
    ) -> Result<Vec<Arc<WebhookConnection>>, PlatformError> {
        if name.is_empty() {
            return Ok(Vec::new());
        }
        let noted = match self.table.get(&keys::shop(name)).await? {
            Some(item) => Reading::of(&item, SCHEMA)?.texts(CONNECTIONS),
            None => Vec::new(),
        };
        let mut ids: BTreeSet<ConnectionId> = noted.into_iter().map(ConnectionId::new).collect();
        // The names of a merchant that was configured by an earlier version are not noted.
        ids.insert(delivered_to.connection.clone());
        let mut found = Vec::new();
        for id in ids {
            let Some(connection) = self.connection(&id).await? else { continue };
            if connection.system != delivered_to.system {
                continue;
            }
            let record = self.record_now(&connection.merchant).await?;
            let own = record.iter().flat_map(|record| &record.file.connections).find(|one| one.id == id);
            if own.is_some_and(|own| names(own).contains(name)) {
                found.push(connection);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_is_known_by_its_identity_and_by_its_host() {
        for (source, url, known) in [
            (
                "shopify:Kande.myshopify.com",
                "http://127.0.0.1:4711/shopify/kande",
                &["kande.myshopify.com"][..],
            ),
            ("shopify:kande", "https://kande.myshopify.com", &["kande", "kande.myshopify.com"]),
            ("kande.myshopify.com", "https://KANDE.myshopify.com/", &["kande.myshopify.com"]),
        ] {
            let connection: Connection = serde_json::from_value(serde_json::json!({
                "id": "connection-0123456789", "name": "shop", "system": "shopify", "source": source,
                "base-urls": { "main": url },
            }))
            .expect("a connection");
            assert_eq!(names(&connection).iter().map(String::as_str).collect::<Vec<_>>(), known, "{source}");
        }
    }
}
