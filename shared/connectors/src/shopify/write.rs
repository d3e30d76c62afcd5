//! What Bogbro writes in a Shopify shop: the document's number on the order, and webhook subscriptions made again.
//!
//! Every write looks first and compares the answer with what was asked. Shopify answers a refused mutation with status 200
//! and `userErrors`: it was then surely not applied.

use domain::Failure;
use domain::identity::{AgreementId, Effect, EffectKey, MerchantId};
use domain::plan::WriteBackStep;
use domain::settings::WriteBackForm;
use serde::Deserialize;
use serde_json::json;

use super::client::{self, UserError, refuse};
use super::wire::graphql::Connection;
use crate::http::{Call, Transport};
use crate::json::{List, Text, read_answer, rejected};

const MARKS: &str = "query BogbroMarks($id: ID!) { order(id: $id) { id tags note } }";
const ADD_TAG: &str = "mutation BogbroTag($id: ID!, $tags: [String!]!) { tagsAdd(id: $id, tags: $tags) { \
     node { ... on Order { id tags } } userErrors { field message } } }";
const SET_NOTE: &str = "mutation BogbroNote($input: OrderInput!) { orderUpdate(input: $input) { \
     order { id note } userErrors { field message } } }";
const SUBSCRIPTIONS: &str =
    "query BogbroWebhooks($first: Int!) { webhookSubscriptions(first: $first) { nodes { id topic uri } } }";
const SUBSCRIBE: &str = "mutation BogbroSubscribe($topic: WebhookSubscriptionTopic!, $webhook: WebhookSubscriptionInput!) { \
     webhookSubscriptionCreate(topic: $topic, webhookSubscription: $webhook) { \
     webhookSubscription { id topic uri } userErrors { field message } } }";

/// Longest tag, in characters; a comma would make two of it.
const LONGEST_TAG: usize = 40;
/// Subscriptions that are looked at.
const MOST_SUBSCRIPTIONS: usize = 100;
/// Part of the address of every webhook of ours; others' webhooks are not touched.
const OUR_PATH: &str = "/v1/webhooks/";
/// Topics of orders. The refunds of one are told beside its update; each makes the other good where it is lost.
const ORDER_TOPICS: &[&str] = &[
    "ORDERS_CREATE",
    "ORDERS_UPDATED",
    "ORDERS_PAID",
    "ORDERS_CANCELLED",
    "ORDERS_EDITED",
    "ORDERS_DELETE",
    "REFUNDS_CREATE",
];
/// Topics of products, where these are carried over.
const PRODUCT_TOPICS: &[&str] = &["PRODUCTS_CREATE", "PRODUCTS_UPDATE", "PRODUCTS_DELETE"];

#[derive(Debug, Deserialize)]
struct Found<'a> {
    #[serde(borrow, default)]
    order: Option<Marks<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct Marks<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    tags: List<Text<'a>>,
    #[serde(borrow, default)]
    note: Text<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tagged<'a> {
    #[serde(borrow)]
    tags_add: TagsAdded<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TagsAdded<'a> {
    #[serde(borrow, default)]
    node: Option<Marks<'a>>,
    #[serde(borrow, default)]
    user_errors: List<UserError<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Noted<'a> {
    #[serde(borrow)]
    order_update: OrderUpdated<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderUpdated<'a> {
    #[serde(borrow, default)]
    order: Option<Marks<'a>>,
    #[serde(borrow, default)]
    user_errors: List<UserError<'a>>,
}

/// Writes the text back as a tag, or as a further line of the order's note.
pub(super) async fn back(
    transport: &dyn Transport,
    gid: &str,
    step: &WriteBackStep,
    number: &str,
) -> Result<(), Failure> {
    let text = step.template.replace("{number}", number);
    let data = client::query(transport, MARKS, json!({ "id": gid })).await?;
    let Some(marks) = read_answer::<Found<'_>>("the order", &data)?.order else {
        return Err(rejected("no-order", "the order is gone"));
    };
    match step.form {
        WriteBackForm::Tag => tag(transport, gid, &step.key, &text, &marks).await,
        WriteBackForm::Note => note(transport, gid, &step.key, &text, &marks).await,
    }
}

async fn tag(
    transport: &dyn Transport,
    gid: &str,
    key: &EffectKey,
    text: &str,
    marks: &Marks<'_>,
) -> Result<(), Failure> {
    let text = text.replace(',', " ");
    let text = text.trim();
    if text.chars().count() > LONGEST_TAG {
        return Err(rejected("tag-too-long", format!("a tag holds at most {LONGEST_TAG} characters")));
    }
    // Shopify keeps one tag of those that differ in letter case only.
    let carries = |marks: &Marks<'_>| {
        marks.tags.0.iter().any(|tag| tag.trimmed().to_lowercase() == text.to_lowercase())
    };
    if carries(marks) {
        return Ok(());
    }
    let data = client::mutate(transport, key, ADD_TAG, json!({ "id": gid, "tags": [text] })).await?;
    let answer: Tagged<'_> = understood("the tags", &data)?;
    refuse(&answer.tags_add.user_errors)?;
    match answer.tags_add.node {
        Some(node) if node.id.trimmed() == gid && carries(&node) => Ok(()),
        _ => Err(Call::Write.unanswered("the shop's answer does not carry the tag that was added", None)),
    }
}

async fn note(
    transport: &dyn Transport,
    gid: &str,
    key: &EffectKey,
    text: &str,
    marks: &Marks<'_>,
) -> Result<(), Failure> {
    let says = |marks: &Marks<'_>| marks.note.trimmed().lines().any(|line| line.trim() == text.trim());
    if says(marks) {
        return Ok(());
    }
    let before = marks.note.trimmed();
    let note = if before.is_empty() { text.to_owned() } else { format!("{before}\n{text}") };
    let data =
        client::mutate(transport, key, SET_NOTE, json!({ "input": { "id": gid, "note": note } })).await?;
    let answer: Noted<'_> = understood("the note", &data)?;
    refuse(&answer.order_update.user_errors)?;
    match answer.order_update.order {
        Some(order) if order.id.trimmed() == gid && says(&order) => Ok(()),
        _ => Err(Call::Write.unanswered("the shop's answer does not carry the note that was written", None)),
    }
}

/// The answer of a mutation; one that cannot be read leaves open whether it was applied.
fn understood<'a, T: Deserialize<'a>>(what: &str, data: &'a str) -> Result<T, Failure> {
    read_answer(what, data).map_err(|failure| Call::Write.unanswered(failure.to_string(), None))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscriptions<'a> {
    #[serde(borrow, default)]
    webhook_subscriptions: Connection<Subscription<'a>>,
}

#[derive(Debug, Deserialize)]
struct Subscription<'a> {
    #[serde(borrow, default)]
    topic: Text<'a>,
    #[serde(borrow, default)]
    uri: Text<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscribed<'a> {
    #[serde(borrow)]
    webhook_subscription_create: SubscriptionMade<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubscriptionMade<'a> {
    #[serde(borrow, default)]
    webhook_subscription: Option<Subscription<'a>>,
    #[serde(borrow, default)]
    user_errors: List<UserError<'a>>,
}

/// Shopify deletes a subscription after eight failures in a row. As long as one of ours is left, its address tells where
/// the others went, and they are made again; when none is left, the log says so. A topic that the shop refuses, such as for a scope
/// that the app lacks, keeps no other from being made.
pub(super) async fn tend(transport: &dyn Transport, products: bool) -> Result<Vec<String>, Failure> {
    let data = client::query(transport, SUBSCRIPTIONS, json!({ "first": MOST_SUBSCRIPTIONS })).await?;
    let found: Subscriptions<'_> = read_answer("the list of webhooks", &data)?;
    let found = found.webhook_subscriptions.nodes;
    let is_ours = |subscription: &&Subscription<'_>| subscription.uri.trimmed().contains(OUR_PATH);
    let ours: Vec<&Subscription<'_>> = found.iter().filter(is_ours).collect();
    let Some(known) = ours.first() else {
        // Subscriptions in an app's own configuration are not listed here, and are not deleted either.
        return Ok(vec![
            "the shop lists no webhook for Bogbro: unless the app's configuration has them, orders come by the sweep only"
                .to_owned(),
        ]);
    };
    let mut words = Vec::new();
    for topic in ORDER_TOPICS.iter().chain(PRODUCT_TOPICS.iter().filter(|_| products)) {
        if ours.iter().any(|subscription| subscription.topic.trimmed() == *topic) {
            continue;
        }
        match subscribe(transport, topic, known.uri.trimmed()).await {
            Ok(made) => words.push(made),
            Err(Failure::Rejected { message, .. }) => {
                words.push(format!("the webhook for {topic} is not there and was refused: {message}"));
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(words)
}

async fn subscribe(transport: &dyn Transport, topic: &str, uri: &str) -> Result<String, Failure> {
    // Subscribing twice to one topic at one address is refused by Shopify: the key only names the topic.
    let nobody = (MerchantId::new(""), AgreementId::new(""));
    let key = EffectKey::shared(&nobody.0, Effect::WriteBack, &format!("webhook {topic}"), &nobody.1);
    let variables = json!({ "topic": topic, "webhook": { "uri": uri, "format": "JSON" } });
    let data = client::mutate(transport, &key, SUBSCRIBE, variables).await?;
    let answer: Subscribed<'_> = understood("the webhook", &data)?;
    refuse(&answer.webhook_subscription_create.user_errors)?;
    match answer.webhook_subscription_create.webhook_subscription {
        Some(made) if made.topic.trimmed() == topic && made.uri.trimmed() == uri => {
            Ok(format!("the webhook for {topic} was gone and is made again"))
        }
        _ => {
            Err(Call::Write
                .unanswered(format!("the webhook for {topic} was asked for and is not there"), None))
        }
    }
}
