//! UTF-8 and SHA-256, which the engine does not have.
use super::values::{Text, bytes};
use rquickjs::{Ctx, Result, TypedArray};

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
