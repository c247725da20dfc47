//! Whom an e-mail goes to. Asked at the moment of sending: the address travels in no message.

use domain::{Customer, OrderId};

use crate::{Storage, StorageError};

/// Whom to write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailTo {
    /// That is not known yet: the order is not stored.
    Unknown,
    /// Nobody: the customer was erased, or has told no address.
    Nobody,
    /// This address.
    Address {
        /// As its owner gave it.
        email: String,
        /// The account's language (BCP 47); none for a guest.
        locale: Option<String>,
    },
}

/// What the database's functions give.
struct MailRow {
    email: Option<String>,
    locale: Option<String>,
}

impl From<MailRow> for MailTo {
    fn from(row: MailRow) -> Self {
        match row.email {
            Some(email) => Self::Address {
                email,
                locale: row.locale,
            },
            None => Self::Nobody,
        }
    }
}

impl Storage {
    /// Whom to write to about an order.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn mail_of_order(&self, order: OrderId) -> Result<MailTo, StorageError> {
        let row = self.within(async {
            Ok(
                sqlx::query_as!(MailRow, r#"SELECT email, locale FROM mail_of_order($1)"#, order.0)
                    .fetch_optional(&self.pool)
                    .await?,
            )
        });
        Ok(row.await?.map_or(MailTo::Unknown, MailTo::from))
    }

    /// Whom to write to about anything else: only accounts have an address of their own.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn mail_of_customer(&self, customer: Customer) -> Result<MailTo, StorageError> {
        let row = self.within(async {
            Ok(sqlx::query_as!(
                MailRow,
                r#"SELECT email, locale FROM mail_of_customer($1)"#,
                customer.to_string(),
            )
            .fetch_optional(&self.pool)
            .await?)
        });
        Ok(row.await?.map_or(MailTo::Nobody, MailTo::from))
    }
}
