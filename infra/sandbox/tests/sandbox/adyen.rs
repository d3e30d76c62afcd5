//! The report side of Adyen.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use sandbox::Request;
use sandbox::adyen::Account;

fn account() -> Account {
    let (user, password) = ("report@Company.Krus".to_owned(), "secret".to_owned());
    let reports = BTreeMap::from([("a.csv".to_owned(), "text".to_owned())]);
    Account { user, password, hmac_key: vec![0x44, 0x78], reports }
}

#[test]
fn reports_are_for_the_report_user_and_of_the_account() {
    let account = account();
    let ask = |path: &str, user: &str| {
        let basic = BASE64.encode(format!("{user}:secret").as_bytes());
        let request = Request::new("GET", path).with_header("Authorization", &format!("Basic {basic}"));
        account.handle("Krus", &request).status
    };
    let path = "/adyen/Krus/reports/download/MerchantAccount/Krus/a.csv";
    assert_eq!(ask(path, "report@Company.Krus"), 200);
    assert_eq!(ask(path, "another"), 401);
    assert_eq!(ask(&path.replace("a.csv", "b.csv"), "report@Company.Krus"), 404);
    assert_eq!(ask(&path.replace("Account/Krus", "Account/Other"), "report@Company.Krus"), 404);
}
