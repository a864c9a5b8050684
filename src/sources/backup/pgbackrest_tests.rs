use super::*;

/// A stanza of one repository with a full backup and an incremental one, as version 2.45 writes it.
const INFO: &str = r#"[{"archive":[{"database":{"id":1,"repo-key":1},"id":"15-1","max":"000000010000000000000009","min":"000000010000000000000003"}],
    "backup":[
      {"archive":{"start":"000000010000000000000004","stop":"000000010000000000000004"},"backrest":{"format":5,"version":"2.45"},"database":{"id":1,"repo-key":1},
       "error":false,"info":{"delta":24096001,"repository":{"delta":2969514,"size":2969514},"size":24096001},"label":"20261130-020000F","lsn":{"start":"0/4000028","stop":"0/4000138"},
       "prior":null,"reference":null,"timestamp":{"start":1796004000,"stop":1796004600},"type":"full"},
      {"archive":{"start":"000000010000000000000006","stop":"000000010000000000000007"},"backrest":{"format":5,"version":"2.45"},"database":{"id":1,"repo-key":1},
       "error":true,"info":{"delta":8192,"repository":{"delta":431},"size":24096001},"label":"20261130-020000F_20261201-020000I","lsn":{"start":"0/6000028","stop":"0/7000138"},
       "prior":"20261130-020000F","reference":["20261130-020000F"],"timestamp":{"start":1796090400,"stop":1796090460},"type":"incr"}],
    "cipher":"aes-256-cbc","db":[{"id":1,"repo-key":1,"system-id":7300000000000000000,"version":"15"}],"name":"main",
    "repo":[{"cipher":"aes-256-cbc","key":1,"status":{"code":0,"message":"ok"}}],"status":{"code":0,"lock":{"backup":{"held":true}},"message":"ok"}}]"#;

fn status(code: i64, message: &str) -> String {
    INFO.replace(r#""status":{"code":0,"lock""#, &format!(r#""status":{{"code":{code},"lock""#))
        .replace(r#""held":true}},"message":"ok""#, &format!(r#""held":true}}}},"message":"{message}""#))
}

#[test]
fn backups_are_read_with_their_times_sizes_and_parents() {
    let reading = read(INFO.as_bytes(), Some("main")).expect("a stanza");
    assert_eq!((reading.encryption.as_deref(), reading.troubles.as_slice()), (Some("aes-256-cbc"), &[][..]));
    assert_eq!(reading.notes, ["A backup is under way."]);
    let [full, incremental] = reading.backups.as_slice() else { panic!("two: {reading:?}") };
    assert_eq!(
        (full.kind, full.bytes, full.took().map(|took| took.num_seconds())),
        (BackupKind::Full, Some(2_969_514), Some(600))
    );
    assert_eq!(full.finished.map(time::written).as_deref(), Some("2026-11-30T02:10:00Z"));
    assert_eq!((incremental.kind, &incremental.parents[..]), (BackupKind::Incremental, &[full.id.clone()][..]));
    assert_eq!(incremental.outcome, Outcome::Bad("page checksums in it are wrong".to_owned()));
    assert_eq!(reading.segment_size, SegmentSize::of(16 << 20));
    assert_eq!(read(INFO.as_bytes(), None), Ok(reading), "the only one needs no name");
}

#[test]
fn a_stanza_that_vanished_is_said_and_is_no_empty_list() {
    for (document, stanza, said) in [
        (INFO.to_owned(), Some("orders"), "knows no stanza orders; it knows main."),
        ("[]".to_owned(), Some("orders"), "no stanza at all, and orders is meant"),
        ("[]".to_owned(), None, "no stanza at all"),
        (status(1, "missing stanza path"), None, "cannot find stanza main (missing stanza path)"),
        (status(3, "missing stanza data"), None, "missing stanza data"),
        (format!("[{0},{0}]", &INFO[1..INFO.len() - 1]), None, "say which with stanza"),
    ] {
        let why = read(document.as_bytes(), stanza).expect_err(&document);
        assert!(why.contains(said), "{why}");
    }
}

#[test]
fn what_is_cut_off_or_another_programs_is_said() {
    for (document, said) in [
        (&INFO[..400], "It is cut off in the middle of the JSON (line 4)"),
        ("", "It is empty"),
        ("{\"main\":[]}", "This is JSON, but not of pgbackrest info"),
        ("[{\"backup_name\":\"base_1\"}]", "not of pgbackrest info --output=json: missing field `name`"),
        ("[1]", "not of pgbackrest info"),
        ("stanza: main\n    status: ok\n", "This is no JSON (line 1): it begins with \"stanza: main "),
        ("[{\"name\":\"main\"}]", "holds no list of backups"),
    ] {
        let why = read(document.as_bytes(), None).expect_err(document);
        assert!(why.contains(said), "{document}: {why}");
    }
    let odd = read(INFO.replace(r#""type":"incr""#, r#""type":"new""#).as_bytes(), None).expect("a stanza");
    assert!(odd.is_partial && odd.troubles[0].starts_with("1 of 2 backups of stanza main cannot be read"), "{odd:?}");
}

#[test]
fn versions_mixed_in_one_archive_are_said() {
    let mixed = INFO.replace(r#""db":["#, r#""db":[{"id":2,"repo-key":1,"system-id":1,"version":"16"},"#).replacen(
        r#""database":{"id":1,"repo-key":1},
       "error":true"#,
        r#""database":{"id":2,"repo-key":1},
       "error":true"#,
        1,
    );
    let reading = read(mixed.as_bytes(), None).expect("a stanza");
    assert!(reading.troubles[0].contains("holds backups of PostgreSQL 15 and 16"), "{reading:?}");
}

#[test]
fn what_it_says_of_itself_is_passed_on() {
    let differ = read(status(4, "different across repos").as_bytes(), None).expect("a stanza");
    assert_eq!((differ.troubles.len(), differ.notes.len()), (0, 2));
    let mismatch = read(status(5, "database mismatch across repos").as_bytes(), None).expect("a stanza");
    assert!(mismatch.troubles[0].contains("database mismatch across repos (code 5)"), "{mismatch:?}");
}

#[test]
fn what_is_hostile_is_cleaned() {
    let hostile = INFO.replace("20261130-020000F\"", "20261130\\u001b[2J\"");
    let reading = read(hostile.as_bytes(), None).expect("a stanza");
    assert_eq!(&*reading.backups[0].id, "20261130[2J");
}
