use super::*;
use crate::config::{Asked, Settings};
use crate::domain::backup::SegmentSize;
use crate::domain::job::JobKind;

fn read(text: &str) -> (Vec<DeclaredBackup>, Vec<String>) {
    let (settings, problems) = Settings::parse("q.toml".as_ref(), text, &Asked::default());
    (settings.backups.to_vec(), problems.iter().map(ToString::to_string).collect())
}

fn tool_of(declared: &DeclaredBackup) -> Option<&ToolSettings> {
    match &declared.teller {
        Some(Teller::Tool(tool)) => Some(tool),
        _ => None,
    }
}

#[test]
fn a_set_says_what_tells_of_it_and_what_was_promised() {
    let (found, problems) = read(
        "[backup.orders]\npgbackrest = { info_file = \"/var/info.json\", stanza = \"main\", wal_file = \"/var/wal\" }\n\
         schedule = \"30 1 * * *\"\nrpo = \"15 min\"\nrto = \"2h\"\nwal_segment_size = \"64MB\"\n\
         [backup.uploads]\nkind = \"files\"\ntier = 3\n\
         [backup.search]\nbarman = { command = [\"barman\", \"-f\", \"json\", \"list-backups\", \"main\"], timeout = \"2 min\" }\n\
         [backup.far]\nwalg = { url = \"https://b.example/list.json\", bearer_file = \"/run/token\" }\n",
    );
    assert_eq!(problems, Vec::<String>::new());
    let [orders, uploads, search, far] = found.as_slice() else { panic!("four: {found:?}") };
    let minutes = |one: &DeclaredBackup| (one.set.objectives.rpo.num_minutes(), one.set.objectives.rto.num_minutes());
    assert_eq!((minutes(orders), orders.set.is_rpo_declared), ((15, 120), true));
    assert_eq!((orders.set.kind, orders.set.segment_size), (BackupKind::Full, SegmentSize::of(64 << 20)));
    let tool = tool_of(orders).expect("a tool");
    assert_eq!(
        (tool.tool, tool.part.as_deref(), &tool.place),
        (Tool::PgBackRest, Some("main"), &Place::File("/var/info.json".into()))
    );
    assert_eq!((uploads.set.kind, minutes(uploads), tool_of(uploads)), (BackupKind::Files, (240, 1_440), None));
    let Some(Place::Command(words, timeout)) = tool_of(search).map(|tool| &tool.place) else { panic!("{search:?}") };
    assert_eq!((words.len(), timeout.as_secs(), search.set.is_rpo_declared), (5, 120, false));
    assert_eq!(minutes(search), (60, 240), "what nobody said is one hour and four");
    assert!(matches!(tool_of(far).map(|tool| &tool.place), Some(Place::Url(server)) if &*server.name == "b.example"));
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_fix() {
    for (line, problem) in [
        ("schedul = \"1\"", "q.toml:2: backup.a.schedul: There is no such key. Did you mean \"schedule\"?"),
        ("kind = \"file\"", "q.toml:2: backup.a.kind: There is no kind \"file\" of a set. Did you mean \"files\"?"),
        (
            "schedule = \"0 2 * *\"",
            "q.toml:2: backup.a.schedule: It cannot be read as a schedule: \"0 2 * *\" has 4 fields, a schedule has 5. Write five fields as a CronJob has them, like \"0 2 * * *\", and time_zone = \"Asia/Tokyo\" where it is not UTC.",
        ),
        (
            "schedule = \"0 2 30 2 *\"",
            "q.toml:2: backup.a.schedule: \"0 2 30 2 *\" never runs: nothing would ever be due. Write a day that comes.",
        ),
        (
            "rpo = \"soon\"",
            "q.toml:2: backup.a.rpo: \"soon\" is no length of time. Write it like \"15 min\", \"1h\" or \"2 d\".",
        ),
        (
            "tier = 4",
            "q.toml:2: backup.a.tier: 4 is not from 1 to 3. Write a whole number from 1 to 3, without quotes.",
        ),
        (
            "wal_segment_size = \"3MB\"",
            "q.toml:2: backup.a.wal_segment_size: \"3MB\" is no size of a WAL segment. Write what the server's SHOW wal_segment_size prints, like \"16MB\": a power of two from 1MB to 1GB.",
        ),
        (
            "pgbackrest = { stanza = \"main\" }",
            "q.toml:2: backup.a.pgbackrest: It does not say where its answer is. Write info_file = \"/FILE\", command = [\"PROGRAM\", \"ARGUMENT\"] or url = \"https://…\" that gives what pgbackrest info --output=json prints.",
        ),
        (
            "pgbackrest = { info_file = \"/a\", command = [\"b\"] }",
            "q.toml:2: backup.a.pgbackrest.command: Its answer can be in one place only. Keep one of info_file, command and url.",
        ),
        (
            "pgbackrest = { info_file = \"info.json\" }",
            "q.toml:2: backup.a.pgbackrest.info_file: \"info.json\" is not a whole path. Begin it with /: the console may be started anywhere.",
        ),
        (
            "barman = { command = [] }",
            "q.toml:2: backup.a.barman.command: The command is empty. Write the program and its arguments, each in quotes: it is started without a shell.",
        ),
        (
            "barman = { command = [\"b\"], timeout = \"1h\" }",
            "q.toml:2: backup.a.barman: Nobody waits longer than 10 minutes for a command. Have its output written into an info_file instead.",
        ),
        (
            "walg = { info_file = \"/a\", stanza = \"b\" }",
            "q.toml:2: backup.a.walg.stanza: There is no such key. Use one of info_file, command, timeout, wal_file, or remove it.",
        ),
        (
            "barman = { info_file = \"/a\" }\npgbackrest = { info_file = \"/b\" }",
            "q.toml:2: backup.a.barman: pgbackrest is there too: one tool tells of a set. Give barman a [backup.NAME] of its own.",
        ),
        (
            "cron_job = { namespace = \"shop\" }",
            "q.toml:2: backup.a.cron_job: It does not say which. Add name = \"NAME\".",
        ),
        (
            "job = { name = \"dump\", environment = \"prod\" }",
            "q.toml:2: backup.a.job.environment: There is no environment \"prod\". Remove it.",
        ),
        (
            "walg = { url = \"https://me:hunter2@b.example/\" }",
            "q.toml:2: backup.a.walg.url: The address holds a name or a password. Move them to user and password_file.",
        ),
    ] {
        assert_eq!(read(&format!("[backup.a]\n{line}")).1, [problem], "{line}");
    }
    let (misread, _) = read("[backup.a]\npgbackrest = { info_file = \"info.json\" }");
    assert_eq!(misread[0].told_by().1, ToldBy::Misread, "it is not a set without backups");
    assert!(read("[backup.\"a b\"]").1[0].contains("The name of a set of backups"));
    assert!(read("backup = 1").1[0].contains("Expected a table"));
}

#[test]
fn what_makes_them_in_a_cluster_is_named_and_so_is_what_acts_on_it() {
    let (found, problems) = read(
        "[backup.orders]\ncloudnativepg = { cluster = \"orders\", namespace = \"shop\" }\nservices = [\"cart\"]\nsurvives = [\"node\", \"region\"]\n\
         keep = \"30 d\"\nstorage_class = \"STANDARD_IA\"\n\
         run = { command = [\"pgbackrest\", \"backup\"], timeout = \"2h\", user = \"postgres\" }\n\
         verify = { cron_job = \"restore-test\", namespace = \"shop\" }\n\
         [backup.volumes]\nvelero = { schedule = \"nightly\" }\nkind = \"files\"\n\
         [backup.dumps]\ncron_job = { label = \"backup=yes\" }\n\
         [backup.settings]\ngit = { folder = \"/srv/settings\" }\n\
         [backup.metered]\nprometheus = { last_good = \"last\" }\n",
    );
    assert_eq!(problems, Vec::<String>::new());
    let [orders, volumes, dumps, settings, metered] = found.as_slice() else { panic!("five: {found:?}") };
    let what = |one: &DeclaredBackup| match &one.teller {
        Some(Teller::InCluster(place)) => Some((place.what.clone(), place.namespace.clone())),
        _ => None,
    };
    assert_eq!(what(orders), Some((Maker::CloudNativePg("orders".into()), Some("shop".into()))));
    assert_eq!(what(volumes), Some((Maker::Velero("nightly".into()), None)));
    assert_eq!(what(dumps), Some((Maker::Labelled(JobKind::CronJob, "backup=yes".into()), None)));
    assert_eq!(settings.set.kind, BackupKind::Configuration);
    assert!(matches!(&metered.teller, Some(Teller::Metrics(one)) if one.last_good == "last" && one.bytes.is_none()));
    let said = &orders.set.said;
    assert_eq!((&*said.services, said.keep.map(|keep| keep.num_days())), (&["cart".into()][..], Some(30)));
    assert_eq!(said.survives.as_deref(), Some(&[Loss::Node, Loss::Region][..]));
    let Some(Act::Program(program)) = &orders.run else { panic!("{orders:?}") };
    assert_eq!((program.words.len(), program.within.as_secs(), program.user.as_deref()), (2, 7_200, Some("postgres")));
    assert!(
        matches!(&orders.verify, Some(Act::InCluster { maker: Making::CronJob, name, .. }) if **name == *"restore-test")
    );
    assert!(
        matches!(&volumes.run, Some(Act::InCluster { maker: Making::Velero, namespace, .. }) if **namespace == *"velero")
    );
    assert_eq!(orders.set.said.acts_in.as_ref().map(|place| &*place.namespace), Some("shop"));
    assert!(orders.is_of_cluster("any") && !settings.is_of_cluster("any"));
}

#[test]
fn what_is_wrong_with_them_is_said() {
    for (line, problem) in [
        (
            "cloudnativepg = { cluster = \"orders\" }",
            "backup.a.cloudnativepg: It does not say in which namespace it is. Add namespace = \"NAME\".",
        ),
        ("velero = { namespace = \"velero\" }", "backup.a.velero: It does not say which. Add schedule = \"NAME\"."),
        (
            "cron_job = { name = \"a\", label = \"b\" }",
            "backup.a.cron_job: It says both a name and a label. Keep one of them.",
        ),
        (
            "cron_job = { name = \"a\" }\nvelero = { schedule = \"b\" }",
            "backup.a.velero: cron_job is there too: one of the two tells of a set. Give one of them a [backup.NAME] of its own.",
        ),
        (
            "git = { folder = \"here\" }",
            "backup.a.git.folder: \"here\" is not a whole path. Begin it with /: the console may be started anywhere.",
        ),
        (
            "prometheus = { bytes = \"b\" }",
            "backup.a.prometheus: It does not say which metric tells when the last good one ended. Add last_good = \"QUERY\", one that gives seconds since 1970, like velero_backup_last_successful_timestamp{schedule=\"nightly\"}.",
        ),
        (
            "survives = [\"fire\"]",
            "backup.a.survives: \"fire\" is nothing that is lost as a whole. Use one of node, zone, region, or remove it.",
        ),
        (
            "run = { user = \"postgres\" }",
            "backup.a.run: It does not say what runs. Add command = [\"PROGRAM\", \"ARGUMENT\"].",
        ),
        (
            "run = { command = [\"a\"], user = \"-x\" }",
            "backup.a.run.user: \"-x\" is no name of a user. Write it as the operating system does: user = \"postgres\".",
        ),
        (
            "run = { command = [\"a\"], timeout = \"2 d\" }",
            "backup.a.run: Nobody waits longer than a day for a program. Write a shorter timeout.",
        ),
        (
            "verify = { cron_job = \"a\" }",
            "backup.a.verify: It does not say in which namespace the CronJob is. Add namespace = \"NAME\".",
        ),
    ] {
        let told = read(&format!("[backup.a]\n{line}")).1;
        let told: Vec<&str> = told.iter().filter_map(|one| Some(one.split_once(": ")?.1)).collect();
        assert_eq!(told, [problem], "{line}");
    }
}
