//! S3 by s3s-fs: objects are files under the data directory. Only path-style addresses are served, which is what the
//! SDK uses by itself for an endpoint that is an IP address.

use super::deployment::BUCKET;
use super::host::SECRET;
use super::server::{Answer, Asked};
use http_body_util::{BodyExt, Full};
use s3s::S3Result;
use s3s::auth::{S3Auth, SecretKey};
use s3s::service::{S3Service, S3ServiceBuilder};
use std::fs;
use std::io;
use std::path::Path;

/// Every function has its own access key id; the secret is the same for all.
struct AnyFunction;

#[async_trait::async_trait]
impl S3Auth for AnyFunction {
    async fn get_secret_key(&self, _access_key: &str) -> S3Result<SecretKey> {
        Ok(SecretKey::from(SECRET))
    }
}

/// The objects.
pub(crate) struct Files {
    service: S3Service,
}

impl Files {
    /// Opens the folder and makes the bucket when it is missing.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder.join(BUCKET))?;
        let file_system =
            s3s_fs::FileSystem::new(folder).map_err(|error| io::Error::other(format!("{error:?}")))?;
        let mut builder = S3ServiceBuilder::new(file_system);
        builder.set_auth(AnyFunction);
        Ok(Self { service: builder.build() })
    }

    /// Answers an S3 request; nothing when the engine failed.
    pub(crate) async fn answer(&self, request: Asked) -> Option<Answer> {
        let request = request.map(s3s::Body::from);
        let answer = self.service.call(request).await.ok()?;
        let (mut head, body) = answer.into_parts();
        // A HEAD answer announces the object's length and has no body.
        let body = body.collect().await.ok()?.to_bytes();
        if !body.is_empty() {
            head.headers.remove("content-length");
        }
        head.headers.remove("transfer-encoding");
        Some(hyper::Response::from_parts(head, Full::new(body)))
    }
}
