//! Many questions share one round trip to the database.

use std::future::Future;

use messaging::HandlerError;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

/// The most questions of one round trip.
const MOST: usize = 256;

type Asked<Q, A> = (Q, oneshot::Sender<Result<A, HandlerError>>);

/// Gathers questions while a round trip is under way, and asks them all with the next: each waits for two at most, however many there are,
/// and none waits for a push service that is slow with another.
#[derive(Debug)]
pub(crate) struct Together<Q, A> {
    asked: mpsc::UnboundedSender<Asked<Q, A>>,
    _asking: AbortOnDropHandle<()>,
}

impl<Q: Clone + Send + 'static, A: Send + 'static> Together<Q, A> {
    /// `work` gives one answer per question, in their order.
    pub(crate) fn new<W, F>(work: W) -> Self
    where
        W: Fn(Vec<Q>) -> F + Send + 'static,
        F: Future<Output = Result<Vec<A>, HandlerError>> + Send + 'static,
    {
        let (asked, asking) = mpsc::unbounded_channel();
        Self {
            asked,
            _asking: AbortOnDropHandle::new(tokio::spawn(answer(asking, work))),
        }
    }

    /// The answer to one question.
    ///
    /// # Errors
    /// Those of the work.
    pub(crate) async fn ask(&self, question: Q) -> Result<A, HandlerError> {
        let (to, answer) = oneshot::channel();
        let gone = || HandlerError::Unavailable("the database is not asked any more".into());
        self.asked.send((question, to)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

async fn answer<Q: Clone, A, W, F>(mut asking: mpsc::UnboundedReceiver<Asked<Q, A>>, work: W)
where
    W: Fn(Vec<Q>) -> F,
    F: Future<Output = Result<Vec<A>, HandlerError>>,
{
    let mut waiting = Vec::new();
    while asking.recv_many(&mut waiting, MOST).await > 0 {
        let (questions, to): (Vec<_>, Vec<_>) = waiting.drain(..).unzip();
        match work(questions.clone()).await {
            Ok(answers) => {
                for (to, answer) in to.into_iter().zip(answers) {
                    let _nobody_waits = to.send(Ok(answer));
                }
            }
            // One that is refused must not spoil the others'.
            Err(HandlerError::Failed(_)) if questions.len() > 1 => {
                for (question, to) in questions.into_iter().zip(to) {
                    let answer = work(vec![question]).await;
                    let _nobody_waits = to.send(answer.and_then(only));
                }
            }
            Err(error) => {
                for to in to {
                    let _nobody_waits = to.send(Err(error.clone()));
                }
            }
        }
    }
}

fn only<A>(answers: Vec<A>) -> Result<A, HandlerError> {
    let answer = answers.into_iter().next();
    answer.ok_or_else(|| HandlerError::Failed("a question without an answer".into()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn what_waits_is_asked_together_and_each_gets_its_own_answer() {
        let trips = Arc::new(AtomicUsize::new(0));
        let counted = trips.clone();
        let doubled = Together::new(move |numbers: Vec<usize>| {
            counted.fetch_add(1, Ordering::SeqCst);
            async move { Ok(numbers.into_iter().map(|number| number * 2).collect()) }
        });
        let answers = join_all((0..200).map(|number| doubled.ask(number))).await;
        for (number, answer) in answers.into_iter().enumerate() {
            assert_eq!(answer, Ok(number * 2));
        }
        assert!(trips.load(Ordering::SeqCst) < 10);
    }

    #[tokio::test]
    async fn one_that_is_refused_spoils_no_other() {
        let odd = Together::new(|numbers: Vec<usize>| async move {
            if numbers.contains(&3) {
                return Err(HandlerError::Failed("three".into()));
            }
            Ok(numbers)
        });
        let answers = join_all((0..6).map(|number| odd.ask(number))).await;
        let refused: Vec<_> = answers.iter().map(Result::is_err).collect();
        assert_eq!(refused, [false, false, false, true, false, false]);
    }

    #[tokio::test]
    async fn a_server_that_is_away_is_told_to_all() {
        let away =
            Together::new(|_: Vec<()>| async { Err::<Vec<()>, _>(HandlerError::Unavailable("away".into())) });
        let answers = join_all((0..3).map(|_| away.ask(()))).await;
        assert!(
            answers
                .iter()
                .all(|answer| matches!(answer, Err(HandlerError::Unavailable(_))))
        );
    }
}
