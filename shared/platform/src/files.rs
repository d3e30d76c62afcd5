//! The bucket: bodies too large for a queue message, log rows too large for the table, exports.

use aws_sdk_s3::primitives::ByteStream;
use domain::MerchantId;

use crate::failure::PlatformError;
use crate::keys::Keys;

const SERVICE: &str = "s3";
/// The largest object that is read back, in bytes.
const LARGEST: usize = 64 * 1024 * 1024;

/// The bucket. Every name is below the merchant's own prefix.
#[derive(Clone, Debug)]
pub struct Files {
    client: aws_sdk_s3::Client,
    bucket: String,
}

impl Files {
    /// Over this bucket.
    pub fn new(client: aws_sdk_s3::Client, bucket: String) -> Files {
        Files { client, bucket }
    }

    /// Stores `bytes` as `name` of the merchant; the same name again replaces it.
    ///
    /// # Errors
    /// As S3 says.
    pub async fn put(&self, merchant: &MerchantId, name: &str, bytes: Vec<u8>) -> Result<(), PlatformError> {
        self.write(Keys::of(merchant).object(name), bytes).await
    }

    async fn write(&self, key: String, bytes: Vec<u8>) -> Result<(), PlatformError> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map_err(|error| PlatformError::of(SERVICE, &error))?;
        Ok(())
    }

    /// Reads `name` of the merchant.
    ///
    /// # Errors
    /// `NotFound`; `Unreadable` when it is larger than anything Bogbro stores; otherwise as S3 says.
    pub async fn get(&self, merchant: &MerchantId, name: &str) -> Result<Vec<u8>, PlatformError> {
        self.read(Keys::of(merchant).object(name), name).await
    }

    /// Stores what is soon replaced: of such objects old versions are kept for a day.
    ///
    /// # Errors
    /// As S3 says.
    pub async fn put_passing(
        &self,
        merchant: &MerchantId,
        name: &str,
        bytes: Vec<u8>,
    ) -> Result<(), PlatformError> {
        self.write(Keys::of(merchant).passing_object(name), bytes).await
    }

    /// Reads what was stored by [`Files::put_passing`].
    ///
    /// # Errors
    /// As [`Files::get`].
    pub async fn get_passing(&self, merchant: &MerchantId, name: &str) -> Result<Vec<u8>, PlatformError> {
        self.read(Keys::of(merchant).passing_object(name), name).await
    }

    /// Drops what was stored by [`Files::put_passing`]; nothing happens when it is gone.
    ///
    /// # Errors
    /// As S3 says.
    pub async fn drop_passing(&self, merchant: &MerchantId, name: &str) -> Result<(), PlatformError> {
        self.client
            .delete_object()
            .bucket(&self.bucket)
            .key(Keys::of(merchant).passing_object(name))
            .send()
            .await
            .map_err(|error| PlatformError::of(SERVICE, &error))?;
        Ok(())
    }

    async fn read(&self, key: String, name: &str) -> Result<Vec<u8>, PlatformError> {
        let answer = self.client.get_object().bucket(&self.bucket).key(key).send().await.map_err(
            |error| match error.as_service_error() {
                Some(refused) if refused.is_no_such_key() => PlatformError::NotFound(name.to_owned()),
                _ => PlatformError::of(SERVICE, &error),
            },
        )?;
        let length = answer.content_length().and_then(|length| usize::try_from(length).ok());
        if length.is_none_or(|length| length > LARGEST) {
            return Err(PlatformError::Unreadable(format!("{name} is too large")));
        }
        let body = answer.body.collect().await.map_err(|_| PlatformError::Unavailable {
            service: SERVICE,
            message: "the answer was lost".to_owned(),
        })?;
        Ok(body.into_bytes().to_vec())
    }
}
