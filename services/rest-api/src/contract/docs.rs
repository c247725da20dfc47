//! `GET /docs`: the contract for people, as Swagger UI.

use std::sync::{Arc, LazyLock};

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use utoipa_swagger_ui::Config;

use crate::problem::{Kind, Problem};

/// Its own scripts, styles and pictures, and requests to this API. It sets styles on elements of pages that it makes.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    // No validator: it would send the document's address to a service outside.
    let config = Config::from("/openapi.json").validator_url("none");
    Arc::new(config.display_operation_id(true).try_it_out_enabled(false))
});

/// The page, and the files that it is made of.
pub(crate) async fn docs(file: Option<web::Path<String>>) -> Result<HttpResponse, Problem> {
    let Some(file) = file else {
        // The page names its files beside itself.
        return Ok(HttpResponse::PermanentRedirect()
            .insert_header((header::LOCATION, "/docs/"))
            .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
            .finish());
    };
    let found = utoipa_swagger_ui::serve(&file, Arc::clone(&CONFIG));
    let found = found.map_err(|error| Problem::unavailable(&error))?;
    let file = found.ok_or_else(|| Problem::new(Kind::NotFound))?;
    Ok(HttpResponse::Ok()
        .content_type(file.content_type)
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(file.bytes.into_owned()))
}
