//! Many at once.

use anyhow::Result;
use futures_util::future::{join_all, try_join_all};

use super::stack_with;
use crate::fault::shop::ctl;
use crate::fault::{Drill, Outcome, Settings, eventually};
use crate::{Answer, Guest};

const AT_ONCE: u32 = 50;
const ROUNDS: u32 = 5;
const SHOPPERS: u32 = 200;
const LEFT: u32 = 5;
const RARE: &str = "rare-tea";

/// One order and 50 equal answers.
pub(super) async fn same_key(settings: Settings) -> Result<Outcome> {
    let drill = Drill::start(stack_with(&[])?, settings).await?;
    let again = async |drill: &Drill| {
        for round in 0..ROUNDS {
            let key = format!("same-{round}");
            let lines = [("earl-grey-bergamot".to_owned(), 1)];
            let sent = (1..=AT_ONCE).map(|attempt| drill.send(&key, attempt, &lines));
            let answers = join_all(sent).await;
            let orders: Vec<_> = answers
                .iter()
                .filter_map(|answer| match answer {
                    Answer::Accepted { order, .. } => Some(*order),
                    _ => None,
                })
                .collect();
            let equal = orders.windows(2).all(|pair| pair[0] == pair[1]);
            drill.must(equal && orders.len() == answers.len(), || {
                let odd = answers
                    .iter()
                    .find(|answer| !matches!(answer, Answer::Accepted { .. }));
                format!(
                    "{} of {} answers name one order; {odd:?}",
                    orders.len(),
                    answers.len()
                )
            });
        }
        Ok(())
    };
    drill.under_load(again).await
}

/// Of 200 shoppers at once five get the last five.
pub(super) async fn last_five(settings: Settings) -> Result<Outcome> {
    let drill = Drill::start(stack_with(&[])?, settings).await?;
    let wanted = async |drill: &Drill| {
        let guests: Vec<Guest> = try_join_all((0..SHOPPERS).map(|_| drill.api().guest())).await?;
        let product = [
            "products",
            "add",
            RARE,
            "--name",
            RARE,
            "--category",
            "tea",
            "--price",
            "4.50",
            "--stock",
        ];
        let left = LEFT.to_string();
        ctl(&drill.stack, product.into_iter().chain([left.as_str()])).await?;
        let lines = [(RARE.to_owned(), 1)];
        let sent = guests.iter().zip(FIRST_SHOPPER..).map(async |(guest, number)| {
            let key = format!("rare-{number}");
            drill.send_as(guest, number, &key, 1, &lines).await
        });
        let answers = join_all(sent).await;
        let accepted = answers
            .iter()
            .filter(|answer| matches!(answer, Answer::Accepted { .. }))
            .count();
        let decided = eventually("200 decided orders", settings.long, async || {
            let decided = drill.stack.psql(DECIDED).ok()?;
            let total: u32 = decided
                .lines()
                .filter_map(|line| line.rsplit('|').next()?.parse::<u32>().ok())
                .sum();
            (total as usize == accepted).then_some(decided)
        })
        .await?;
        drill.note(format!(
            "{accepted} accepted, decided: {}",
            decided.replace('\n', ", ")
        ));
        let expected = format!(
            "confirmed||{LEFT}\nrejected|out_of_stock|{}",
            accepted - LEFT as usize
        );
        drill.must(decided == expected, || {
            format!("the last {LEFT} went so: {decided}")
        });
        Ok(())
    };
    drill.under_load(wanted).await
}

/// Shoppers are told apart from the guests of the load.
const FIRST_SHOPPER: u32 = 1_000_000;
const DECIDED: &str = "SELECT state, document->'reason'->>'code', count(*) FROM orders \
                       WHERE document->'lines'->0->>'sku' = 'rare-tea' GROUP BY 1, 2 ORDER BY 1";
