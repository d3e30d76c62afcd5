//! What Bogbro writes in a WooCommerce shop: the document's number on the order, and webhooks switched on again.
//!
//! WooCommerce has no idempotency keys. Every write looks first, so that doing it twice leaves one mark, and compares the
//! answer with what was asked.

use std::collections::BTreeSet;

use domain::identity::{AgreementId, Effect, EffectKey, MerchantId};
use domain::plan::WriteBackStep;
use domain::settings::WriteBackForm;
use domain::{EntityId, Failure};

use super::entities::decode_name;
use super::{complaint, wire};
use crate::http::{Call, Method, Request, Transport, accept, json_text};
use crate::json::{List, read_answer, read_reply, unless_whole};

/// Key of the meta field that carries the document's number.
const FIELD: &str = "bogbro_document";
/// Where webhooks are below the shop's address.
const WEBHOOKS: &str = "/wp-json/wc/v3/webhooks";
/// Webhooks per page, and the most pages that are looked at.
const WEBHOOKS_PER_PAGE: usize = 100;
const WEBHOOK_PAGES: usize = 5;
/// Part of the address of every webhook of ours; others' webhooks are not touched.
const OUR_PATH: &str = "/v1/webhooks/";

/// Writes the text back as a meta field or a private note.
pub(super) async fn back(
    transport: &dyn Transport,
    path: &str,
    entity: &EntityId,
    step: &WriteBackStep,
    number: &str,
) -> Result<(), Failure> {
    let text = step.template.replace("{number}", number);
    match step.form {
        WriteBackForm::Tag => field(transport, path, entity, &step.key, &text).await,
        WriteBackForm::Note => note(transport, path, &step.key, &text).await,
    }
}

async fn field(
    transport: &dyn Transport,
    path: &str,
    entity: &EntityId,
    key: &EffectKey,
    text: &str,
) -> Result<(), Failure> {
    let response = transport.read(Request::get(path)).await?;
    accept(Call::Read, &response, complaint)?;
    let answer = json_text(Call::Read, &response)?;
    if carries(answer, entity, text).map_err(|failure| unless_whole(Call::Read, answer, failure))? {
        return Ok(());
    }
    let body = serde_json::json!({ "meta_data": [{ "key": FIELD, "value": text }] }).to_string();
    let response = transport.write(key, Request::json(Method::Put, path, body)).await?;
    accept(Call::Write, &response, complaint)?;
    let answer = json_text(Call::Write, &response)?;
    match carries(answer, entity, text) {
        Ok(true) => Ok(()),
        _ => Err(Call::Write.unanswered("the shop's answer does not carry the field that was written", None)),
    }
}

fn carries(answer: &str, entity: &EntityId, text: &str) -> Result<bool, Failure> {
    let order: wire::WrittenOrder<'_> = read_answer("the order", answer)?;
    if order.id.given() != Some(entity.as_str()) {
        return Err(crate::json::rejected(
            "another-order",
            format!("order {entity} was asked for, {} was sent", order.id),
        ));
    }
    let value =
        |meta: &wire::Meta<'_>| meta.value.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
    Ok(order.meta_data.0.iter().any(|meta| &*meta.key.0 == FIELD && value(meta).as_deref() == Some(text)))
}

async fn note(transport: &dyn Transport, path: &str, key: &EffectKey, text: &str) -> Result<(), Failure> {
    let path = format!("{path}/notes");
    let response = transport.read(Request::get(path.clone()).query("type", "internal")).await?;
    accept(Call::Read, &response, complaint)?;
    let List(notes): List<wire::Note<'_>> =
        read_reply(Call::Read, "the notes", json_text(Call::Read, &response)?)?;
    if notes.iter().any(|note| says(note, text)) {
        return Ok(());
    }
    let body = serde_json::json!({ "note": text, "customer_note": false }).to_string();
    let response = transport.write(key, Request::json(Method::Post, path, body)).await?;
    accept(Call::Write, &response, complaint)?;
    let answer = json_text(Call::Write, &response)?;
    match read_answer::<wire::Note<'_>>("the note", answer) {
        Ok(note) if says(&note, text) => Ok(()),
        _ => Err(Call::Write.unanswered("the shop's answer is not the note that was written", None)),
    }
}

/// True for a private note of this text; WordPress may have put entities into it.
fn says(note: &wire::Note<'_>, text: &str) -> bool {
    !note.customer_note.0
        && (note.note.trimmed() == text.trim() || decode_name(note.note.trimmed()) == text.trim())
}

/// Topics of orders, and of products where these are carried over.
const ORDER_TOPICS: &[&str] = &["order.created", "order.updated", "order.deleted", "order.restored"];
const PRODUCT_TOPICS: &[&str] =
    &["product.created", "product.updated", "product.deleted", "product.restored"];

/// Switches webhooks on again that the shop switched off after failures in a row (documented as five, seven in truth; the shop keeps
/// the count, so that after this the next failure switches it off again, and the next success starts anew). A webhook that a person
/// paused stays paused. What is wanted and not there at all is said.
pub(super) async fn tend(transport: &dyn Transport, products: bool) -> Result<Vec<String>, Failure> {
    let mut words = Vec::new();
    let mut listening = BTreeSet::new();
    for page in 1..=WEBHOOK_PAGES {
        let request = Request::get(WEBHOOKS)
            .query("status", "all")
            .query("per_page", WEBHOOKS_PER_PAGE.to_string())
            .query("page", page.to_string());
        let response = transport.read(request).await?;
        accept(Call::Read, &response, complaint)?;
        let text = json_text(Call::Read, &response)?;
        let List(found): List<wire::Webhook<'_>> = read_reply(Call::Read, "the list of webhooks", text)?;
        for webhook in found.iter().filter(|webhook| webhook.delivery_url.trimmed().contains(OUR_PATH)) {
            let topic = webhook.topic.trimmed();
            let wanted = ORDER_TOPICS.contains(&topic) || (products && PRODUCT_TOPICS.contains(&topic));
            if wanted && webhook.status.trimmed() == "disabled" {
                words.push(switch_on(transport, webhook).await?);
                listening.insert(topic.to_owned());
            }
            if webhook.status.trimmed() == "active" {
                listening.insert(topic.to_owned());
            }
        }
        if found.len() < WEBHOOKS_PER_PAGE {
            break;
        }
    }
    let wanted = ORDER_TOPICS.iter().chain(PRODUCT_TOPICS.iter().filter(|_| products));
    let missing: Vec<&str> = wanted.copied().filter(|topic| !listening.contains(*topic)).collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        words.push(format!(
            "the shop has no active webhook for Bogbro of {missing}: what these would tell comes by the sweep or the night only"
        ));
    }
    Ok(words)
}

async fn switch_on(transport: &dyn Transport, webhook: &wire::Webhook<'_>) -> Result<String, Failure> {
    let id = webhook.id.given().ok_or_else(|| crate::json::rejected("unreadable", "a webhook without id"))?;
    // Switching on is the same whoever does it and however often: the key only names the webhook.
    let nobody = (MerchantId::new(""), AgreementId::new(""));
    let key = EffectKey::shared(&nobody.0, Effect::WriteBack, &format!("webhook {id}"), &nobody.1);
    let body = serde_json::json!({ "status": "active" }).to_string();
    let response =
        transport.write(&key, Request::json(Method::Put, format!("{WEBHOOKS}/{id}"), body)).await?;
    accept(Call::Write, &response, complaint)?;
    let answer = json_text(Call::Write, &response)?;
    match read_answer::<wire::Webhook<'_>>("the webhook", answer) {
        Ok(now) if now.id == webhook.id && now.status.trimmed() == "active" => Ok(format!(
            "webhook {id} ({}) was switched off by the shop and is on again",
            webhook.topic.trimmed()
        )),
        _ => Err(Call::Write.unanswered(format!("webhook {id} was asked to be active and is not"), None)),
    }
}
