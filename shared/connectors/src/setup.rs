//! What a merchant's file must say of its connections, as the manifests of their systems have it: whatever is missing there is told
//! when the file is saved, not by the first order that cannot be worked on.

use std::collections::BTreeSet;

use domain::settings::{MerchantFile, SettingProblems};

use crate::registry;

/// What is wrong with the addresses of the connections: one that its system does not have, and one that a shop or an accounting system
/// of a flow needs and that has no default. Files of an acquirer can be read without any.
pub fn problems(file: &MerchantFile) -> SettingProblems {
    let called: BTreeSet<&str> =
        file.flows.iter().flat_map(|flow| [flow.shop.as_str(), flow.accounting.as_str()]).collect();
    let mut problems = SettingProblems::default();
    for (index, connection) in file.connections.iter().enumerate() {
        let Some(manifest) = registry::manifest(&connection.system) else { continue };
        let path = format!("connections[{index}].base-urls");
        let name = ("name", connection.name.as_str());
        for surface in connection.base_urls.keys() {
            if !manifest.surfaces.iter().any(|(known, _)| known == surface) {
                let known: Vec<&str> = manifest.surfaces.iter().map(|(known, _)| *known).collect();
                let facts = [name, ("surface", surface.as_str()), ("known", &known.join(", "))];
                problems.add(&path, "base-url-unknown", &facts);
            }
        }
        for (surface, default) in manifest.surfaces {
            let is_needed = default.is_empty() && called.contains(connection.name.as_str());
            if is_needed && !connection.base_urls.contains_key(*surface) {
                problems.add(&path, "base-url-missing", &[name, ("surface", surface)]);
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use domain::settings::{Language, read_merchant_file};

    use super::*;

    /// A merchant with one shop of this system, its addresses and those of the accounting system.
    fn found(system: &str, shop: &str, accounting: &str) -> Vec<(String, String, String)> {
        let text = format!(
            r#"{{"id":"krus","name":"Krus","connections":[
                {{"id":"7f3c9a1e5b2d4c68a0","name":"butik","system":"{system}","source":"{system}:krus.example","base-urls":{shop}}},
                {{"id":"9d1b7c3e5f2a4860bb","name":"regnskab","system":"e-conomic","agreement":"424242","base-urls":{accounting}}},
                {{"id":"5e8a1c3f7b9d2046cc","name":"filer","system":"altapay"}}],
                "flows":[{{"name":"ordrer","shop":"butik","accounting":"regnskab"}}]}}"#
        );
        let file = read_merchant_file(&text).unwrap_or_else(|problems| panic!("{problems}"));
        let problems = problems(&file);
        let told = problems
            .iter()
            .map(|problem| (problem.path.clone(), problem.text(Language::Da), problem.text(Language::En)));
        told.collect()
    }

    #[test]
    fn the_address_of_a_shop_is_asked_for_when_the_file_is_saved() {
        let sound = r#"{"main":"https://krus.example"}"#;
        for system in ["woocommerce", "shopify"] {
            assert_eq!(found(system, sound, "{}"), []);
            let missing = found(system, "{}", "{}");
            assert_eq!(missing.len(), 1);
            assert_eq!(missing[0].0, "connections[0].base-urls");
            assert!(missing[0].1.contains("butik mangler adressen main"), "{}", missing[0].1);
            assert!(missing[0].2.contains("butik lacks the address main"), "{}", missing[0].2);
            let misspelt = found(system, r#"{"mian":"https://krus.example"}"#, "{}");
            assert_eq!(misspelt.len(), 2, "{misspelt:?}");
            assert!(misspelt[0].2.contains("mian") && misspelt[0].2.contains("has: main"), "{misspelt:?}");
        }
        let own = found("shopify", sound, r#"{"rest":"https://rest.example","apis":"https://apis.example"}"#);
        assert_eq!(own.len(), 1);
        assert_eq!(own[0].0, "connections[1].base-urls");
        assert!(own[0].1.contains("rest, openapi"), "{}", own[0].1);
    }
}
