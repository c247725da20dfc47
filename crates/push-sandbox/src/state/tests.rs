use super::*;

#[test]
fn only_the_last_deliveries_are_kept() {
    let state = State::new(Clock::new(|| Timestamp::UNIX_EPOCH), None, Vec::new());
    let device = state.add_device(&NewDevice::of(Platform::Apns)).unwrap();
    for number in 0..=KEPT_DELIVERIES {
        let push = Push {
            provider_id: number.to_string(),
            collapse_key: None,
            title: String::new(),
            body: String::new(),
            options: Default::default(),
            payload: serde_json::Value::Null,
        };
        state.take(&device, push);
    }
    let kept = state.deliveries(&Filter::default());
    assert_eq!(kept.len(), KEPT_DELIVERIES);
    assert_eq!((kept[0].sequence, kept[0].provider_id.as_str()), (2, "1"));
    assert_eq!(
        state.device(&device.id).unwrap().deliveries,
        KEPT_DELIVERIES as u64 + 1
    );
}
