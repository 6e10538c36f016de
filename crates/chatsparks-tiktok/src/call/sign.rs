//! Requests to TikTok Shop are signed: the path, the query sorted by name, and the body, between the app's secret.

use crate::webhook::signature::hmac_hex;

/// The signature of a request to TikTok Shop. `sign` and `access_token` in the query are left out, as the platform has
/// it; `body` is what is sent, byte for byte, and empty for a form of parts.
///
/// ```
/// use chatsparks_tiktok::sign_request;
/// let query = [("app_key", "29a39d".to_owned()), ("timestamp", "1623812664".to_owned())];
/// let signed = sign_request("e59af819cc", "/authorization/202309/shops", &query, b"");
/// assert_eq!(signed, "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8");
/// ```
pub fn sign_request(secret: &str, path: &str, query: &[(&str, String)], body: &[u8]) -> String {
    let signed = |(name, _): &&(&str, String)| !matches!(*name, "sign" | "access_token");
    let mut sorted: Vec<_> = query.iter().filter(signed).collect();
    sorted.sort_by_key(|(name, _)| *name);
    let mut parts = vec![secret.as_bytes(), path.as_bytes()];
    for (name, value) in sorted {
        parts.extend([name.as_bytes(), value.as_bytes()]);
    }
    parts.extend([body, secret.as_bytes()]);
    hmac_hex(secret, &parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_signed_as_in_public_vectors() {
        let query = |pairs: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
            pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
        };
        assert_eq!(
            sign_request("app_secret", "/test-api", &query(&[("foo", "bar")]), b""),
            "d3cb7fe11ecae942802ceeca67e7cf10120cc12f1517d45fbc1c8cfe5413c80f"
        );
        let given = query(&[
            ("timestamp", "1623812664"),
            ("sign", "left out"),
            ("shop_cipher", "CIPHER"),
            ("page_size", "20"),
            ("access_token", "left out"),
            ("app_key", "29a39d"),
        ]);
        assert_eq!(
            sign_request("e59af819cc", "/product/202502/products/search", &given, br#"{"seller_skus":["SKU-1"]}"#),
            "3f076edca448145c5a0d0310c249a17cefa9ab008056dd635d39220a5c4e54da"
        );
    }
}
