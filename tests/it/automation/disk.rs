//! A state file that fails: what is not acknowledged then, and that nothing which was acknowledged is lost.

use super::stage::{Stage, alert, rule};
use crate::state::broken::{allow, bring_back, refuse, take_away};

#[tokio::test(start_paused = true)]
async fn what_cannot_be_kept_is_not_acknowledged_and_not_half_heard() {
    for table in ["episode", "alert_case", "audit"] {
        let mut stage = Stage::new(&[rule("wan")]);
        take_away(&stage.desk.file, table);
        let alerts = [alert("wan", "a", "firing", 0), alert("other", "b", "firing", 0)];
        let rejected = stage.notify(&alerts).await.unwrap_err();
        assert_eq!(rejected.reason(), "disk", "{table}");
        stage.seconds(5).await;
        stage.desk.home.was_told(&[]);
        bring_back(&stage.desk.file, table);
        stage.notify(&alerts).await.unwrap();
        stage.seconds(5).await;
        stage.desk.home.was_told(&["pause 3"]);
        assert_eq!(*stage.counted.0.lock().unwrap(), ["rejected disk", "accepted 0 0"], "{table}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_disk_nothing_new_is_paused_and_everything_is_let_go() {
    let mut stage = Stage::new(&[rule("wan"), rule("disk")]);
    stage.fires("wan", "a").await;
    stage.seconds(2).await;
    stage.fires("disk", "b").await;
    refuse(&stage.desk.file, "INSERT", "hold");
    refuse(&stage.desk.file, "INSERT", "audit");
    stage.seconds(30).await;
    stage.desk.home.was_told(&["pause 3"]);
    // The end of an alert is heard no more; the lease decides.
    stage.notify(&[alert("wan", "a", "resolved", -1)]).await.unwrap_err();
    stage.pass(5 * 3_600).await;
    stage.seconds(5).await;
    stage.desk.home.was_told(&["resume 3"]);
    allow(&stage.desk.file, "INSERT", "hold");
    allow(&stage.desk.file, "INSERT", "audit");
    stage.ends("wan", "a").await;
    stage.seconds(30).await;
    assert!(stage.desk.holds().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_persons_will_counts_although_it_cannot_be_written_yet() {
    let mut stage = Stage::new(&[rule("wan")]);
    stage.fires("wan", "a").await;
    stage.seconds(2).await;
    refuse(&stage.desk.file, "INSERT", "hold_ending");
    refuse(&stage.desk.file, "UPDATE", "alert_case");
    stage.person_resumes(3);
    stage.seconds(600).await;
    stage.desk.home.was_told(&["pause 3"]);
    assert!(stage.desk.holds().is_empty());
    allow(&stage.desk.file, "INSERT", "hold_ending");
    allow(&stage.desk.file, "UPDATE", "alert_case");
    stage.seconds(5).await;
    stage.restart();
    stage.fires("wan", "a").await;
    stage.seconds(600).await;
    stage.desk.home.was_told(&[]);
    assert_eq!(stage.decisions().await, ["wan acted", "wan blocked stood_down"]);
}
