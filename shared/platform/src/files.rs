//! The bucket: bodies too large for a queue message, rows and plans too large for the table, packed segments of the log, the files
//! that payouts came in, the state of stock.

use std::io::{Read, Write};

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use domain::MerchantId;
use engine::payouts::FileBytes;
use jiff::Timestamp;
use serde::Serialize;

use crate::failure::PlatformError;
use crate::keys::Keys;
use crate::sealed_file::{Opener, sealed_length};
use crate::sealing::DataKey;
use crate::spool::{Spool, SpooledFile};

const SERVICE: &str = "s3";
/// The largest object that is read back, in bytes.
const LARGEST: usize = 64 * 1024 * 1024;

/// What S3 answers when a version is gone.
const NO_SUCH_VERSION: &str = "NoSuchVersion";

/// Length of a part of a large object.
const PART: usize = 8 * 1024 * 1024;

fn disk(error: &std::io::Error) -> PlatformError {
    PlatformError::Unavailable { service: "disk", message: error.to_string() }
}

/// The next part of a file.
fn part_of(from: &mut dyn Read) -> Result<Vec<u8>, PlatformError> {
    let mut bytes = Vec::with_capacity(PART);
    from.take(PART as u64).read_to_end(&mut bytes).map_err(|error| disk(&error))?;
    Ok(bytes)
}

/// An object of the bucket, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct KeptObject {
    name: String,
    bytes: i64,
    changed_at: Option<Timestamp>,
}

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

    /// One page of the objects below a prefix, and where the next one begins.
    pub(crate) async fn list(
        &self,
        prefix: &str,
        token: Option<String>,
    ) -> Result<(Vec<KeptObject>, Option<String>), PlatformError> {
        let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let answer = request
            .set_continuation_token(token)
            .send()
            .await
            .map_err(|error| PlatformError::of(SERVICE, &error))?;
        let kept = answer.contents().iter().map(|object| KeptObject {
            name: object.key().unwrap_or_default().to_owned(),
            bytes: object.size().unwrap_or_default(),
            changed_at: object.last_modified().and_then(|at| Timestamp::from_second(at.secs()).ok()),
        });
        let more = answer.is_truncated().unwrap_or_default();
        Ok((kept.collect(), answer.next_continuation_token().filter(|_| more).map(str::to_owned)))
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
        self.delete_key(Keys::of(merchant).passing_object(name)).await
    }

    /// Deletes `name` of the merchant; nothing happens when it is gone. Old versions of it go by the bucket's own rule.
    ///
    /// # Errors
    /// As S3 says.
    pub async fn delete(&self, merchant: &MerchantId, name: &str) -> Result<(), PlatformError> {
        self.delete_key(Keys::of(merchant).object(name)).await
    }

    async fn delete_key(&self, key: String) -> Result<(), PlatformError> {
        let deleted = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
        deleted.map(|_| ()).map_err(|error| PlatformError::of(SERVICE, &error))
    }

    /// Stores a file as `name` of the merchant, part by part when it is large.
    ///
    /// # Errors
    /// As S3 and the disk say.
    pub async fn put_file(
        &self,
        merchant: &MerchantId,
        name: &str,
        file: &dyn FileBytes,
    ) -> Result<(), PlatformError> {
        self.write_file(Keys::of(merchant).object(name), file).await
    }

    /// Stores a file as [`Files::put_passing`] stores bytes.
    ///
    /// # Errors
    /// As S3 and the disk say.
    pub async fn put_passing_file(
        &self,
        merchant: &MerchantId,
        name: &str,
        file: &dyn FileBytes,
    ) -> Result<(), PlatformError> {
        self.write_file(Keys::of(merchant).passing_object(name), file).await
    }

    /// Reads what was stored by [`Files::put_passing_file`] to this machine's disk.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when it is longer than `limit`, and then nothing of it is read; otherwise as S3 and the disk say.
    pub async fn get_passing_file(
        &self,
        merchant: &MerchantId,
        name: &str,
        limit: u64,
    ) -> Result<SpooledFile, PlatformError> {
        self.read_file(Keys::of(merchant).passing_object(name), limit).await
    }

    async fn write_file(&self, key: String, file: &dyn FileBytes) -> Result<(), PlatformError> {
        if file.length() <= PART as u64 {
            let mut bytes = Vec::new();
            file.open().and_then(|mut from| from.read_to_end(&mut bytes)).map_err(|error| disk(&error))?;
            return self.write(key, bytes).await;
        }
        let begun = self.client.create_multipart_upload().bucket(&self.bucket).key(&key).send().await;
        let begun = begun.map_err(|error| PlatformError::of(SERVICE, &error))?;
        let upload = begun.upload_id().unwrap_or_default();
        let mut parts = CompletedMultipartUpload::builder();
        let mut from = file.open().map_err(|error| disk(&error))?;
        for (number, _) in (1_i32..).zip((0..file.length()).step_by(PART)) {
            let bytes = part_of(&mut *from)?;
            let sent = self
                .client
                .upload_part()
                .bucket(&self.bucket)
                .key(&key)
                .upload_id(upload)
                .part_number(number)
                .body(ByteStream::from(bytes))
                .send()
                .await
                .map_err(|error| PlatformError::of(SERVICE, &error))?;
            let part = CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag).build();
            parts = parts.parts(part);
        }
        self.client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(&key)
            .upload_id(upload)
            .multipart_upload(parts.build())
            .send()
            .await
            .map_err(|error| PlatformError::of(SERVICE, &error))?;
        Ok(())
    }

    /// Reads an object that was dropped to be taken in to this machine's disk, and what it was told to be: in this version, or as it is now
    /// where none is given.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when it is longer than `limit`, and then nothing of it is read; otherwise as S3 and the disk say.
    pub async fn get_dropped(
        &self,
        object: &str,
        version: Option<&str>,
        limit: u64,
    ) -> Result<(SpooledFile, String), PlatformError> {
        if crate::keys::dropped(object).is_none() {
            return Err(PlatformError::NotFound(object.to_owned()));
        }
        self.read_version(object.to_owned(), version.map(str::to_owned), limit).await
    }

    /// Reads a mail that was delivered to the bucket to this machine's disk: in this version, or as it is now where none is given.
    ///
    /// # Errors
    /// As [`Files::get_dropped`].
    pub async fn get_mailed(
        &self,
        object: &str,
        version: Option<&str>,
        limit: u64,
    ) -> Result<SpooledFile, PlatformError> {
        if crate::keys::mailed(object).is_none() {
            return Err(PlatformError::NotFound(object.to_owned()));
        }
        Ok(self.read_version(object.to_owned(), version.map(str::to_owned), limit).await?.0)
    }

    /// Reads the first bytes of such a mail, at most so many.
    ///
    /// # Errors
    /// `NotFound`; otherwise as S3 says.
    pub async fn beginning_of_mailed(
        &self,
        object: &str,
        version: Option<&str>,
        most: usize,
    ) -> Result<Vec<u8>, PlatformError> {
        let range = format!("bytes=0-{}", most.saturating_sub(1));
        let asked = self.client.get_object().bucket(&self.bucket).key(object);
        let asked = asked.range(range).set_version_id(version.map(str::to_owned));
        let answer = match asked.send().await {
            Ok(answer) => answer,
            Err(error) => {
                return match error.as_service_error() {
                    Some(refused) if refused.is_no_such_key() || refused.code() == Some(NO_SUCH_VERSION) => {
                        Err(PlatformError::NotFound(object.to_owned()))
                    }
                    // An empty object has no first byte.
                    Some(refused) if refused.code() == Some("InvalidRange") => Ok(Vec::new()),
                    _ => Err(PlatformError::of(SERVICE, &error)),
                };
            }
        };
        let mut body = answer.body;
        let mut bytes = Vec::new();
        // Whoever does not know of ranges gives all of it.
        while let Some(more) = body.next().await.filter(|_| bytes.len() < most) {
            let more = more.map_err(|_| PlatformError::Unavailable {
                service: SERVICE,
                message: "the answer was lost".to_owned(),
            })?;
            bytes.extend_from_slice(&more);
        }
        bytes.truncate(most);
        Ok(bytes)
    }

    async fn read_file(&self, key: String, limit: u64) -> Result<SpooledFile, PlatformError> {
        Ok(self.read_version(key, None, limit).await?.0)
    }

    async fn read_version(
        &self,
        key: String,
        version: Option<String>,
        limit: u64,
    ) -> Result<(SpooledFile, String), PlatformError> {
        let mut spool = Spool::new(limit).map_err(|error| disk(&error))?;
        let take = |bytes: &[u8]| spool.write_all(bytes).map_err(|error| disk(&error));
        let media_type = self.stream(key, version, limit, take).await?;
        let file = spool.done().map_err(|error| disk(&error))?;
        Ok((file, media_type))
    }

    /// Reads a file that was stored sealed to this machine's disk, or as it is where it was stored before they were: the one of this hash,
    /// under the merchant's key.
    ///
    /// # Errors
    /// As [`Files::get_passing_file`]; `Unreadable` for what does not open.
    pub(crate) async fn get_sealed_file(
        &self,
        merchant: &MerchantId,
        name: &str,
        (key, sha256): (&DataKey, &str),
        limit: u64,
    ) -> Result<SpooledFile, PlatformError> {
        let mut opener = Opener::new(key, sha256, limit)?;
        let object = Keys::of(merchant).object(name);
        self.stream(object, None, sealed_length(limit), |bytes| opener.take(bytes)).await?;
        opener.done()
    }

    /// Hands an object's bytes over as they come, and says what it was told to be.
    async fn stream(
        &self,
        key: String,
        version: Option<String>,
        limit: u64,
        mut take: impl FnMut(&[u8]) -> Result<(), PlatformError>,
    ) -> Result<String, PlatformError> {
        let asked = self.client.get_object().bucket(&self.bucket).key(&key).set_version_id(version);
        let answer = asked.send().await.map_err(|error| match error.as_service_error() {
            Some(refused) if refused.is_no_such_key() || refused.code() == Some(NO_SUCH_VERSION) => {
                PlatformError::NotFound(key.clone())
            }
            _ => PlatformError::of(SERVICE, &error),
        })?;
        let length = answer.content_length().and_then(|length| u64::try_from(length).ok());
        if length.is_none_or(|length| length > limit) {
            return Err(PlatformError::Invalid(format!("{key} is longer than {} MB", limit >> 20)));
        }
        let media_type = answer.content_type().unwrap_or_default().to_owned();
        let mut body = answer.body;
        while let Some(bytes) = body.next().await {
            let bytes = bytes.map_err(|_| PlatformError::Unavailable {
                service: SERVICE,
                message: "the answer was lost".to_owned(),
            })?;
            take(&bytes)?;
        }
        Ok(media_type)
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
