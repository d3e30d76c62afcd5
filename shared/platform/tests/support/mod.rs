//! A DynamoDB of this process's own, with the table as the template makes it, and a bucket in memory behind the S3 client.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use domain::MerchantId;
use platform::PlatformError;
use platform::calls::CallCounter;
use platform::files::Files;
use platform::ledger::{Ledger, Vault, Vaults};
use platform::sealing::DataKey;
use platform::table::Table;

/// A table on an engine in this process.
pub(crate) struct LocalTable {
    /// The table.
    pub(crate) table: Table,
    /// Calls so far.
    pub(crate) calls: CallCounter,
    files: Files,
}

/// The same key for everybody.
pub(crate) struct OneVault;

#[async_trait]
impl Vaults for OneVault {
    async fn vault(&self, _merchant: &MerchantId) -> Result<Vault, PlatformError> {
        Ok(Vault { key: DataKey::from_bytes(&[7; 32])?, financial_year_end: (12, 31) })
    }
}

fn key(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("a key element")
}

fn attribute(name: &str, kind: ScalarAttributeType) -> AttributeDefinition {
    AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().expect("an attribute")
}

fn index(name: &str, partition: &str, sort: &str) -> GlobalSecondaryIndex {
    GlobalSecondaryIndex::builder()
        .index_name(name)
        .key_schema(key(partition, KeyType::Hash))
        .key_schema(key(sort, KeyType::Range))
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()
        .expect("an index")
}

/// The SDK's configuration for an address on this machine.
pub(crate) fn local_config(address: &str) -> aws_sdk_dynamodb::config::Builder {
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-north-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(address)
}

impl LocalTable {
    /// Starts an engine in memory on a free port, and makes the table.
    pub(crate) async fn start() -> LocalTable {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let engine = dynoxide::Database::memory().expect("an engine in memory");
        tokio::spawn(dynoxide::server::serve_on(listener, engine));
        let calls = CallCounter::default();
        let client =
            aws_sdk_dynamodb::Client::from_conf(local_config(&address).interceptor(calls.clone()).build());
        client
            .create_table()
            .table_name("bogbro")
            .billing_mode(BillingMode::PayPerRequest)
            .key_schema(key("pk", KeyType::Hash))
            .key_schema(key("sk", KeyType::Range))
            .attribute_definitions(attribute("pk", ScalarAttributeType::S))
            .attribute_definitions(attribute("sk", ScalarAttributeType::S))
            .attribute_definitions(attribute("due_shard", ScalarAttributeType::S))
            .attribute_definitions(attribute("due_at", ScalarAttributeType::N))
            .attribute_definitions(attribute("attention", ScalarAttributeType::S))
            .attribute_definitions(attribute("day", ScalarAttributeType::S))
            .attribute_definitions(attribute("order_key", ScalarAttributeType::S))
            .attribute_definitions(attribute("document_key", ScalarAttributeType::S))
            .attribute_definitions(attribute("person", ScalarAttributeType::S))
            .attribute_definitions(attribute("at", ScalarAttributeType::N))
            .global_secondary_indexes(index("due", "due_shard", "due_at"))
            .global_secondary_indexes(index("attention", "attention", "at"))
            .global_secondary_indexes(index("day", "day", "at"))
            .global_secondary_indexes(index("order_key", "order_key", "at"))
            .global_secondary_indexes(index("document_key", "document_key", "at"))
            .global_secondary_indexes(index("person", "person", "at"))
            .send()
            .await
            .expect("the table is made");
        // Nothing in these tests is large enough for the bucket; an address where nobody listens proves it.
        let nowhere = aws_sdk_s3::Config::builder()
            .behavior_version(aws_sdk_s3::config::BehaviorVersion::v2026_01_12())
            .region(aws_sdk_s3::config::Region::new("eu-north-1"))
            .credentials_provider(aws_sdk_s3::config::Credentials::new("test", "test", None, None, "test"))
            .endpoint_url("http://127.0.0.1:9")
            .build();
        LocalTable {
            table: Table { client, name: "bogbro".to_owned() },
            calls,
            files: Files::new(aws_sdk_s3::Client::from_conf(nowhere), "bogbro".to_owned()),
        }
    }

    /// The ledger on it.
    pub(crate) fn ledger(&self) -> Ledger {
        Ledger::new(self.table.clone(), self.files.clone(), Arc::new(OneVault))
    }
}
