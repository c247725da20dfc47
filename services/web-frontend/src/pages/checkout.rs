//! `/checkout`: the order form. `POST /orders`: the order.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use askama::Template;
use domain::{Customer, FieldError, OrderId, Product};
use ordering::SubmitError;

use crate::app::Shop;
use crate::forms::{Fields, Form};
use crate::pages::catalog::{self, Typed};
use crate::pages::draft::{self, QUANTITY, Seal, TypedLine};
use crate::pages::errors::{RETRY_AFTER_SECONDS, Refusal};
use crate::pages::fields::{self, Field};
use crate::pages::order;
use crate::session::Visitor;
use crate::{assets, security, words};

#[derive(Template)]
#[template(path = "checkout.html")]
pub(super) struct CheckoutPage {
    pub(super) lines: Vec<Line>,
    pub(super) total: Option<String>,
    pub(super) currency: String,
    pub(super) contact: Vec<Field>,
    pub(super) address: Vec<Field>,
    pub(super) note: Vec<Field>,
    pub(super) countries: &'static [(&'static str, &'static str)],
    pub(super) key: String,
    pub(super) scope: String,
    pub(super) token: String,
    /// What was wrong with the whole form.
    pub(super) problem: Option<&'static str>,
    /// The order that this form has made already.
    pub(super) earlier: Option<String>,
}

pub(super) struct Line {
    pub(super) sku: String,
    pub(super) name: String,
    pub(super) picture: String,
    pub(super) price: String,
    pub(super) price_minor: i64,
    pub(super) sum: String,
    pub(super) quantity: String,
    pub(super) error: Option<String>,
}

const CHOOSE: &str = "Please choose at least one product.";
const GONE: &str = "Some of what you chose is no longer sold, so we left it out. Please check the rest.";
const CHECK: &str = "Please check the marked fields.";
const CHECK_OLD: &str = "This form had been open for a long time. Please check it and send it again.";
const BUSY: &str = "We can't take orders right now. Nothing you typed is lost: please send it again in a moment. \
     You will not get anything twice.";
const SENT_BEFORE: &str = "You have sent this form before, with other details, and we have that order. Send it again if you want a second one.";

/// `GET /checkout?quantity.<sku>=…`: the form for what was chosen.
pub(crate) async fn open(
    shop: web::Data<Shop>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let query = Fields::of_query(&request)?;
    query.allow(|name| name.starts_with(QUANTITY))?;
    let lines = draft::lines(&query);
    if lines.iter().all(|line| is_zero(&line.quantity)) {
        return catalog::show_again(&shop, &typed(lines), CHOOSE).await;
    }
    let chosen: Vec<TypedLine> = lines
        .into_iter()
        .filter(|line| !is_zero(&line.quantity))
        .collect();
    if chosen.iter().any(|line| line.error.is_some()) {
        return catalog::show_again(&shop, &typed(chosen), CHECK).await;
    }
    let sheet = Sheet {
        fields: &query,
        lines: &chosen,
        errors: &[],
        seal: Seal::new(visitor.guest)?,
    };
    sheet.answer(&shop, visitor, StatusCode::OK, None).await
}

/// `POST /checkout`: the form again, for other quantities.
pub(crate) async fn change(
    shop: web::Data<Shop>,
    visitor: Visitor,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse, Refusal> {
    security::check_origin(&shop, &request)?;
    draft::check_names(&form.0)?;
    let lines = draft::lines(&form.0);
    if lines.is_empty() {
        return catalog::show_again(&shop, &[], CHOOSE).await;
    }
    let seal = Seal::read(&shop, &form.0).map_or_else(|| Seal::new(visitor.guest), Ok)?;
    let wrong = lines.iter().any(|line| line.error.is_some());
    let (status, problem) = if wrong {
        (StatusCode::UNPROCESSABLE_ENTITY, Some(CHECK))
    } else {
        (StatusCode::OK, None)
    };
    let sheet = Sheet {
        fields: &form.0,
        lines: &lines,
        errors: &[],
        seal,
    };
    sheet.answer(&shop, visitor, status, problem).await
}

/// `POST /orders`: the order, durably, and the way to its page.
pub(crate) async fn place(
    shop: web::Data<Shop>,
    visitor: Visitor,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse, Refusal> {
    security::check_origin(&shop, &request)?;
    let fields = &form.0;
    draft::check_names(fields)?;
    let lines = draft::lines(fields);
    if lines.is_empty() {
        return catalog::show_again(&shop, &[], CHOOSE).await;
    }
    let seal = Seal::read(&shop, fields);
    let is_ours = seal.is_some() && security::has_token(&shop, visitor, &fields.text("token"));
    let seal = seal.map_or_else(|| Seal::new(visitor.guest), Ok)?;
    let mut sheet = Sheet {
        fields,
        lines: &lines,
        errors: &[],
        seal,
    };
    if !is_ours {
        return sheet
            .answer(&shop, visitor, StatusCode::FORBIDDEN, Some(CHECK_OLD))
            .await;
    }
    let customer = Customer::Guest(sheet.seal.guest);
    let submit = draft::submission(fields, &lines, customer);
    let submit = match submit {
        Ok(submit) if lines.iter().all(|line| line.error.is_none()) => submit,
        other => {
            let errors = other.err().unwrap_or_default();
            sheet.errors = &errors;
            return sheet
                .answer(&shop, visitor, StatusCode::UNPROCESSABLE_ENTITY, Some(CHECK))
                .await;
        }
    };
    let correlation = chassis::clock::random_id().to_string();
    let now = chassis::clock::now();
    match shop
        .ordering
        .submit(submit, &sheet.seal.key, Some(&correlation), now)
        .await
    {
        Ok(submitted) => {
            tracing::info!(order.id = %submitted.order.id, replayed = submitted.replayed, "order taken");
            Ok(visitor.remember(&shop, order::redirect(&order::link(&shop, submitted.order.id))))
        }
        Err(SubmitError::KeyReused) => sheet.answer_reused(&shop, visitor).await,
        Err(error @ (SubmitError::QueueFull | SubmitError::Unavailable(_))) => {
            tracing::warn!(%error, "an order can't be taken");
            sheet
                .answer(&shop, visitor, StatusCode::SERVICE_UNAVAILABLE, Some(BUSY))
                .await
        }
    }
}

/// What the form is filled with.
struct Sheet<'a> {
    fields: &'a Fields,
    lines: &'a [TypedLine],
    errors: &'a [FieldError],
    seal: Seal,
}

impl Sheet<'_> {
    async fn answer(
        &self,
        shop: &Shop,
        visitor: Visitor,
        status: StatusCode,
        problem: Option<&'static str>,
    ) -> Result<HttpResponse, Refusal> {
        let products = catalog::products(shop).await?;
        let mut page = self.page(shop, visitor, &products);
        if page.lines.is_empty() {
            return catalog::show_again(shop, &[], GONE).await;
        }
        page.problem = problem.or((page.lines.len() < self.lines.len()).then_some(GONE));
        Ok(visitor.remember(shop, answer(status, &page)))
    }

    /// The form made an order before: shows the way to it, and offers a second one under a key of its own.
    async fn answer_reused(&self, shop: &Shop, visitor: Visitor) -> Result<HttpResponse, Refusal> {
        let products = catalog::products(shop).await?;
        let mut page = self.page(shop, visitor, &products);
        let earlier = OrderId::derive(Customer::Guest(self.seal.guest), &self.seal.key);
        page.key = Seal::new(self.seal.guest)?.key.as_str().to_owned();
        page.earlier = Some(order::link(shop, earlier));
        page.problem = Some(SENT_BEFORE);
        Ok(visitor.remember(shop, answer(StatusCode::UNPROCESSABLE_ENTITY, &page)))
    }

    fn page(&self, shop: &Shop, visitor: Visitor, products: &[Product]) -> CheckoutPage {
        let find = |line: &TypedLine| products.iter().find(|product| product.sku.as_str() == line.sku);
        let known: Vec<_> = self
            .lines
            .iter()
            .filter_map(|line| Some((line, find(line)?)))
            .collect();
        let sum = known
            .iter()
            .map(|(line, product)| product.price.times(draft::read_quantity(&line.quantity)?.get()));
        let total = sum.reduce(|one, other| one?.plus(other?)).flatten();
        CheckoutPage {
            lines: known
                .iter()
                .map(|(line, product)| Line::new(line, product))
                .collect(),
            total: total.map(words::money),
            currency: known
                .first()
                .map(|(_, product)| product.price.currency.as_str().to_owned())
                .unwrap_or_default(),
            contact: fields::filled(&fields::CONTACT, self.fields, self.errors),
            address: fields::filled(&fields::ADDRESS, self.fields, self.errors),
            note: fields::filled(&fields::NOTE, self.fields, self.errors),
            countries: &fields::COUNTRIES,
            key: self.seal.key.as_str().to_owned(),
            scope: shop.guests.mint(self.seal.guest),
            token: shop.forms.mint(visitor.guest),
            problem: None,
            earlier: None,
        }
    }
}

impl Line {
    fn new(line: &TypedLine, product: &Product) -> Self {
        let sum = draft::read_quantity(&line.quantity).and_then(|count| product.price.times(count.get()));
        Self {
            sku: line.sku.clone(),
            name: product.name.to_string(),
            picture: assets::picture(product),
            price: words::money(product.price),
            price_minor: product.price.minor,
            sum: sum.map(words::money).unwrap_or_default(),
            quantity: line.quantity.clone(),
            error: line.error.clone(),
        }
    }
}

fn answer(status: StatusCode, page: &CheckoutPage) -> HttpResponse {
    let mut answer = HttpResponseBuilder::new(status);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer.insert_header((header::RETRY_AFTER, RETRY_AFTER_SECONDS));
    }
    super::respond(&mut answer, page)
}

fn is_zero(quantity: &str) -> bool {
    quantity.trim() == "0"
}

/// The catalog's fields, where nothing is wrong with leaving a product out.
fn typed(lines: Vec<TypedLine>) -> Vec<Typed> {
    let typed = |line: TypedLine| Typed {
        sku: line.sku,
        quantity: line.quantity,
        error: line.error.map(|_| draft::BAD_QUANTITY.to_owned()),
    };
    lines.into_iter().map(typed).collect()
}
