//! TikTok's signatures, for whoever tests a receiver or a caller of their own.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The header `TikTok-Signature` of a webhook of the Business API: over the second, a dot and the body as it is.
///
/// ```
/// let header = chatsparks_tiktok_sim::sign::webhook("secret", 1_700_000_003, b"{}");
/// assert!(header.starts_with("t=1700000003,s="));
/// ```
pub fn webhook(client_secret: &str, seconds: i64, body: &[u8]) -> String {
    let signature = hex_mac(client_secret, &[seconds.to_string().as_bytes(), b".", body]);
    format!("t={seconds},s={signature}")
}

/// The header `Authorization` of a webhook of TikTok Shop: over the app's key and the body as it is.
pub fn shop_webhook(app_key: &str, app_secret: &str, body: &[u8]) -> String {
    hex_mac(app_secret, &[app_key.as_bytes(), body])
}

/// The query parameter `sign` of a call to TikTok Shop. `query` has decoded names and values, in any order; `sign` and
/// `access_token` among them are passed over. The body is left out where it is `multipart/form-data`.
pub fn shop_request(app_secret: &str, path: &str, query: &[(&str, &str)], body: &[u8]) -> String {
    let mut query: Vec<_> = query.iter().filter(|(name, _)| !matches!(*name, "sign" | "access_token")).collect();
    query.sort_unstable();
    let mut parts = vec![app_secret.as_bytes(), path.as_bytes()];
    parts.extend(query.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]));
    parts.extend([body, app_secret.as_bytes()]);
    hex_mac(app_secret, &parts)
}

/// Whether two signatures are equal, without telling by time how far.
pub(crate) fn equal(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

fn hex_mac(key: &str, parts: &[&[u8]]) -> String {
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return String::new() };
    parts.iter().for_each(|part| mac.update(part));
    HEXLOWER.encode(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_webhook_is_signed_as_the_official_sample() {
        let body = br#"{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507","timestamp":1718305585,"data":{"is_on_hold_order":true,"order_id":"576653688135258178","order_status":"UNPAID","update_time":1718305585}}"#;
        assert_eq!(
            shop_webhook("abcdef", "123", body),
            "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"
        );
    }

    #[test]
    fn a_call_to_the_shop_is_signed_as_stated() {
        type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a [u8], &'a str);
        let rows: [Row<'_>; 3] = [
            (
                "e59af819cc",
                "/authorization/202309/shops",
                &[("timestamp", "1623812664"), ("app_key", "29a39d"), ("sign", "x"), ("access_token", "y")],
                b"",
                "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8",
            ),
            (
                "app_secret",
                "/test-api",
                &[("foo", "bar")],
                b"",
                "d3cb7fe11ecae942802ceeca67e7cf10120cc12f1517d45fbc1c8cfe5413c80f",
            ),
            (
                "e59af819cc",
                "/product/202502/products/search",
                &[("app_key", "29a39d"), ("page_size", "20"), ("shop_cipher", "CIPHER"), ("timestamp", "1623812664")],
                br#"{"seller_skus":["SKU-1"]}"#,
                "3f076edca448145c5a0d0310c249a17cefa9ab008056dd635d39220a5c4e54da",
            ),
        ];
        for (secret, path, query, body, signature) in rows {
            assert_eq!(shop_request(secret, path, query, body), signature, "{path}");
        }
    }

    #[test]
    fn a_webhook_is_signed_as_stated() {
        let body = br#"{"client_key":"app-1","event":"comment.update","create_time":1700000000,"user_openid":"biz-1","content":"{\"comment_id\":7247303576418566913,\"video_id\":7203946942097902849,\"parent_comment_id\":0,\"comment_type\":\"comment\",\"comment_action\":\"insert\",\"timestamp\":1700000000123,\"unique_identifier\":\"+abc/DEF=\"}"}"#;
        assert_eq!(body.len(), 323);
        assert_eq!(
            webhook("synthetic_client_secret", 1_700_000_003, body),
            "t=1700000003,s=392d5bd3a4d375e126966e98d67b222e89afa65740ed089d7e4c5c96272e74e8"
        );
    }

    #[test]
    fn signatures_are_compared_whole() {
        assert!(equal("abc", "abc"));
        assert!(!equal("abc", "abd") && !equal("abc", "ab"));
    }
}
