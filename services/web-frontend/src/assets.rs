//! Style sheet, script and pictures: built into the program, named by their hash, kept by browsers for ever.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::Product;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::pages::errors::Refusal;

#[derive(RustEmbed)]
#[folder = "assets"]
struct Assets;

/// Where a picture is missing.
const PLACEHOLDER: &str = "products/placeholder.svg";

const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// When it was asked for without its hash, or with another one.
const ASK_AGAIN: &str = "public, no-cache";

/// The address of the asset at `path`, with its hash.
pub(crate) fn url(path: &str) -> String {
    let hash = Assets::get(path).map(|file| hash(&file)).unwrap_or_default();
    format!("/assets/{path}?v={hash}")
}

/// The address of the product's picture.
pub(crate) fn picture(product: &Product) -> String {
    let named = product.picture.as_ref().map(|name| format!("products/{name}"));
    url(named
        .as_deref()
        .filter(|path| Assets::get(path).is_some())
        .unwrap_or(PLACEHOLDER))
}

fn hash(file: &EmbeddedFile) -> String {
    file.metadata.sha256_hash()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// `GET /assets/{path}`
pub(crate) async fn serve(path: web::Path<String>, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let file = Assets::get(&path).ok_or(Refusal::NotFound)?;
    let hash = hash(&file);
    let tag = header::EntityTag::new_strong(hash.clone());
    let kept = if request.query_string() == format!("v={hash}") {
        FOR_EVER
    } else {
        ASK_AGAIN
    };
    let known = request
        .headers()
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    let unchanged = known.is_some_and(|known| known.contains(&hash));
    let mut answer = if unchanged {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    answer
        .insert_header((header::CACHE_CONTROL, kept))
        .insert_header(header::ETag(tag));
    if unchanged {
        return Ok(answer.finish());
    }
    Ok(answer
        .content_type(file.metadata.mimetype())
        .body(file.data.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_product_of_the_seed_has_its_own_picture() {
        let seed = include_str!("../../../crates/waybillctl/seed/products.json");
        let products: Vec<serde_json::Value> = serde_json::from_str(seed).unwrap();
        assert_eq!(products.len(), 30);
        for product in products {
            let picture = product["picture"].as_str().unwrap();
            assert!(
                Assets::get(&format!("products/{picture}")).is_some(),
                "{picture} is missing"
            );
        }
    }

    #[test]
    fn pictures_carry_no_script_and_name_no_other_place() {
        for path in Assets::iter().filter(|path| path.ends_with(".svg")) {
            let file = Assets::get(&path).unwrap();
            let text = std::str::from_utf8(&file.data).unwrap();
            let text = text.replace("http://www.w3.org/2000/svg", "");
            assert!(
                !text.contains("<script") && !text.contains("http") && !text.contains("style="),
                "{path}"
            );
        }
    }
}
