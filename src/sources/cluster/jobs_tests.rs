use super::*;

fn at(text: &str) -> Instant {
    text.parse().expect("a time")
}

fn row<R: Resource>(json: &str) -> JobRow
where
    for<'a> R::Wire<'a>: serde::Deserialize<'a>,
{
    let wire: R::Wire<'_> = serde_json::from_str(json).expect("test object");
    match R::row(&wire, &mut Interner::default()) {
        Some(Row::Job(row)) => *row,
        _ => panic!("not a job"),
    }
}

fn cron(last: &str, succeeded: &str, active: &str) -> JobRow {
    row::<CronJobs>(&format!(
        r#"{{"metadata":{{"name":"backup","namespace":"shop","uid":"c","creationTimestamp":"2026-11-01T00:00:00Z"}},
            "spec":{{"schedule":"0 2 * * *","jobTemplate":{{}}}},"status":{{"lastScheduleTime":"{last}","lastSuccessfulTime":"{succeeded}","active":{active}}}}}"#
    ))
}

fn run(uid: &str, began: &str, condition: &str) -> JobRow {
    row::<Jobs>(&format!(
        r#"{{"metadata":{{"name":"backup-{uid}","namespace":"shop","uid":"{uid}","ownerReferences":[{{"kind":"CronJob","name":"backup","uid":"c","controller":true}}]}},
            "spec":{{"completions":1}},"status":{{"startTime":"{began}","conditions":[{{"type":"{condition}","status":"True","reason":"BackoffLimitExceeded","lastTransitionTime":"2026-11-24T02:09:00Z"}}]}}}}"#
    ))
}

fn table(rows: Vec<JobRow>) -> JobTable {
    let mut table = JobTable::default();
    for row in rows {
        table.upsert(row);
    }
    table.settle(&"production".into(), |_| Vec::new(), at("2026-11-24T09:00:00Z"));
    table
}

fn listed(table: &JobTable) -> Vec<(String, JobVerdict)> {
    table.rows().iter().filter(|job| job.is_listed()).map(|job| (job.job.label(), job.verdict)).collect()
}

#[test]
fn a_cron_job_is_as_its_newest_run_ended_whatever_came_first() {
    let cron = || cron("2026-11-24T02:00:00Z", "2026-11-23T02:07:00Z", "[]");
    let (good, bad) = (run("old", "2026-11-23T02:00:00Z", "Complete"), run("new", "2026-11-24T02:00:00Z", "Failed"));
    let table_one = table(vec![bad, good, cron()]);
    assert_eq!(listed(&table_one), [("backup".to_owned(), JobVerdict::Failed)]);
    let row = table_one.rows().iter().find(|job| job.is_listed()).cloned().expect("the CronJob");
    assert_eq!(row.last_run.and_then(|run| run.ended), Some(at("2026-11-24T02:09:00Z")));
    assert_eq!(row.next_run, Some(at("2026-11-25T02:00:00Z")));
    assert_eq!(row.schedule.as_deref(), Some("0 2 * * *"));
    assert_eq!(table_one.rows().len(), 3, "its runs are known, though not listed");
}

#[test]
fn a_run_that_ends_moves_its_cron_job_and_one_that_goes_is_forgotten() {
    let mut table = table(vec![cron("2026-11-24T02:00:00Z", "2026-11-24T02:07:00Z", "[]")]);
    assert_eq!(listed(&table), [("backup".to_owned(), JobVerdict::Complete)]);
    table.upsert(run("new", "2026-11-24T02:00:00Z", "Failed"));
    let now = at("2026-11-24T09:00:01Z");
    assert!(table.settle(&"production".into(), |_| Vec::new(), now));
    assert_eq!(listed(&table), [("backup".to_owned(), JobVerdict::Failed)]);
    assert!(table.delete(&"new".into()));
    table.settle(&"production".into(), |_| Vec::new(), now);
    assert_eq!(listed(&table), [("backup".to_owned(), JobVerdict::Complete)]);
    assert!(table.delete(&"c".into()) && !table.delete(&"c".into()));
    assert!(table.rows().is_empty() && table.runs_of.is_empty() && table.due.is_empty());
}

#[test]
fn time_alone_makes_a_run_late() {
    let mut table = table(vec![cron("2026-11-24T02:00:00Z", "2026-11-24T02:07:00Z", "null")]);
    let due = table.next_due().expect("the next run");
    assert_eq!(due, at("2026-11-25T02:00:00Z"));
    table.settle(&"production".into(), |_| Vec::new(), due);
    let due = table.next_due().expect("the moment it is late");
    assert_eq!(due, at("2026-11-25T02:01:00Z"));
    assert!(table.settle(&"production".into(), |_| Vec::new(), due));
    assert_eq!(listed(&table), [("backup".to_owned(), JobVerdict::Late)]);
}
