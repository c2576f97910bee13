//! UTF-8 and SHA-256, which the engine does not have.
use super::values::{Text, bytes};
use rquickjs::{Ctx, Result, TypedArray};
use rustix::io::Errno;

pub fn sha256_hex(text: Text) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let hash = hmac_sha256::Hash::hash(text.0.as_bytes());
    hash.iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| DIGITS[usize::from(digit)] as char)
        .collect()
}

pub fn encode_utf8<'js>(ctx: Ctx<'js>, text: Text) -> Result<TypedArray<'js, u8>> {
    TypedArray::new(ctx, text.0)
}

pub fn decode_utf8<'js>(ctx: Ctx<'js>, mut array: TypedArray<'js, u8>) -> Result<String> {
    Ok(String::from_utf8_lossy(bytes(&ctx, &mut array)?).into_owned())
}

/// Without a copy where the bytes are UTF-8. Where they are not, U+FFFD may take three bytes for one: EFBIG beyond the limit.
pub fn into_text(content: Vec<u8>, limit_bytes: usize) -> rustix::io::Result<String> {
    let content = match String::from_utf8(content) {
        Ok(text) => return Ok(text),
        Err(error) => error.into_bytes(),
    };
    let mut text = String::new();
    for chunk in content.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push('\u{fffd}');
        }
        if text.len() > limit_bytes {
            return Err(Errno::FBIG);
        }
    }
    Ok(text)
}
