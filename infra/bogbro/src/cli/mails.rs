//! `bogbro payouts mails`: what was mailed to no address that holds.

use anyhow::anyhow;
use domain::explain::explain;
use domain::settings::Language;
use platform::ledger::UndeliveredMail;
use platform::payouts::Payouts;

use super::show::Printer;

/// Lists the mails that were sent to no address that holds, or takes one off. They are nobody's, so both languages are printed.
pub(super) async fn undelivered(
    payouts: &Payouts,
    (dismiss, reason, by): (Option<&str>, Option<&str>, Option<&str>),
    printer: &Printer,
) -> anyhow::Result<()> {
    if let Some(object) = dismiss {
        let made = payouts.dismiss_mail(object, by.unwrap_or_default(), reason.unwrap_or_default()).await;
        made.map_err(|failure| anyhow!("{failure}"))?;
        return printer.done(&format!("{object} was set aside"));
    }
    let mails = payouts.undelivered_mails().await.map_err(|failure| anyhow!("{failure}"))?;
    printer.either(&mails, || {
        let line = |mail: &UndeliveredMail| {
            let words = |language| {
                let told = explain(&mail.reason, language);
                format!("    {} {} {}", told.what, told.blocks, told.remedy)
            };
            format!("{}  {}\n{}\n{}", mail.object, mail.at, words(Language::Da), words(Language::En))
        };
        match mails.is_empty() {
            true => "ingen mails / no mails".to_owned(),
            false => mails.iter().map(line).collect::<Vec<_>>().join("\n"),
        }
    })
}
