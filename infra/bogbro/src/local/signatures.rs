//! Who calls a route that only identified callers reach: the request's own signature (Signature Version 4) is reckoned again with
//! the secret that all local callers have. What API Gateway refuses is refused here too.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use super::deployment::{ACCOUNT, REGION};
use super::host::SECRET;
use super::server::{Asked, header};
use aws_lc_rs::{digest, hmac};
use data_encoding::HEXLOWER;

/// The service's name in a signature's scope.
const SERVICE: &str = "execute-api";
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The caller's ARN; nothing when the request is not signed by one.
pub(crate) fn caller(request: &Asked) -> Option<String> {
    let rest = header(request, "authorization")?.strip_prefix(ALGORITHM)?;
    let part =
        |name: &str| rest.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    let (credential, signed, signature) = (part("Credential")?, part("SignedHeaders")?, part("Signature")?);
    let mut scope = credential.split('/');
    let (key, day, region, service) = (scope.next()?, scope.next()?, scope.next()?, scope.next()?);
    if region != REGION || service != SERVICE || scope.next() != Some("aws4_request") || key.is_empty() {
        return None;
    }
    let time = header(request, "x-amz-date").filter(|time| time.starts_with(day))?;
    let text = canonical(request, signed)?;
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let hash = HEXLOWER.encode(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    let to_sign = format!("{ALGORITHM}\n{time}\n{scope}\n{hash}");
    let key_of = |key: &[u8], word: &str| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), word.as_bytes()).as_ref().to_vec()
    };
    let secret = format!("AWS4{SECRET}");
    let signing = [day, region, service, "aws4_request"]
        .iter()
        .fold(secret.into_bytes(), |key, word| key_of(&key, word));
    let given = HEXLOWER.decode(signature.as_bytes()).ok()?;
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &signing), to_sign.as_bytes(), &given).ok()?;
    Some(format!("arn:aws:iam::{ACCOUNT}:user/{key}"))
}

/// The request in the one form that is signed. The host must be among the signed headers.
fn canonical(request: &Asked, signed: &str) -> Option<String> {
    let names: Vec<&str> = signed.split(';').collect();
    if !names.contains(&"host") {
        return None;
    }
    let mut headers = String::new();
    for name in &names {
        headers.push_str(&format!("{name}:{}\n", header(request, name)?.trim()));
    }
    let mut query: Vec<&str> =
        request.uri().query().unwrap_or_default().split('&').filter(|part| !part.is_empty()).collect();
    query.sort_unstable();
    let query: Vec<String> = query
        .iter()
        .map(|part| if part.contains('=') { (*part).to_owned() } else { format!("{part}=") })
        .collect();
    let body = HEXLOWER.encode(digest::digest(&digest::SHA256, request.body()).as_ref());
    // What stands in the path is encoded once more, as every service but S3 wants it.
    let path: String = request.uri().path().replace('%', "%25");
    let method = request.method().as_str();
    Some(format!("{method}\n{path}\n{}\n{headers}\n{signed}\n{body}", query.join("&")))
}

#[cfg(test)]
mod tests {
    use hyper::body::Bytes;

    use super::*;

    fn signed(secret: &str, body: &'static str, sent: &'static str) -> Asked {
        let request = |authorization: &str, body: &'static str| {
            hyper::Request::builder()
                .method("POST")
                .uri("/v1/payouts/krus?name=a.csv&flow=stripe")
                .header("host", "gateway.local")
                .header("x-amz-date", "20261127T010203Z")
                .header("authorization", authorization)
                .body(Bytes::from_static(body.as_bytes()))
                .expect("a request")
        };
        let text = canonical(&request("", body), "host;x-amz-date").expect("canonical");
        let hash = HEXLOWER.encode(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
        let scope = format!("20261127/{REGION}/{SERVICE}/aws4_request");
        let to_sign = format!("{ALGORITHM}\n20261127T010203Z\n{scope}\n{hash}");
        let mut key = format!("AWS4{secret}").into_bytes();
        for word in ["20261127", REGION, SERVICE, "aws4_request"] {
            key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), word.as_bytes()).as_ref().to_vec();
        }
        let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), to_sign.as_bytes());
        let signature = HEXLOWER.encode(signature.as_ref());
        let authorization = format!(
            "{ALGORITHM} Credential=local-bookkeeper/{scope}, SignedHeaders=host;x-amz-date, Signature={signature}"
        );
        request(&authorization, sent)
    }

    #[test]
    fn only_who_signs_the_very_request_is_known() {
        let arn = format!("arn:aws:iam::{ACCOUNT}:user/local-bookkeeper");
        assert_eq!(caller(&signed(SECRET, "{}", "{}")), Some(arn));
        assert_eq!(caller(&signed("another", "{}", "{}")), None, "another secret");
        assert_eq!(caller(&signed(SECRET, "{}", "{\"a\":1}")), None, "another body");
        let mut bare = signed(SECRET, "{}", "{}");
        bare.headers_mut().remove("authorization");
        assert_eq!(caller(&bare), None, "no signature");
    }
}
