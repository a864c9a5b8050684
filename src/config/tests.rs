use super::*;

const FILE: &str = "/etc/q.toml";

fn parse(text: &str) -> (Settings, Vec<String>) {
    parse_asked(text, &Asked { current_context: Some("kind".to_owned()), ..Asked::default() })
}

fn parse_asked(text: &str, asked: &Asked) -> (Settings, Vec<String>) {
    let (settings, problems) = Settings::parse(Path::new(FILE), text, asked);
    (settings, problems.iter().map(ToString::to_string).collect())
}

const GOOD: &str = r#"
[environment.production]
context = "prod-eu"
namespaces = ["shop", "pay"]
guard = "production"
write = true

[environment.alpha]
in_cluster = true
namespaces = "all"
guard = "development"

[ui]
theme = "mono"
keymap = "vim"
glyphs = "ascii"
"#;

#[test]
fn a_good_file_is_taken_as_it_is_in_its_own_order() {
    let (settings, problems) = parse(GOOD);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(settings.source, Source::File(FILE.into()));
    assert_eq!(settings.environments.len(), 2);
    let (production, alpha) = (&settings.environments[0], &settings.environments[1]);
    assert_eq!((&*production.name, production.guard), ("production", Guard::Production));
    assert_eq!(production.context, ContextRef::Named("prod-eu".to_owned()));
    assert_eq!(production.namespaces, Namespaces::Named(vec!["shop".to_owned(), "pay".to_owned()]));
    assert!(production.may_write());
    assert_eq!(
        (&alpha.context, &alpha.namespaces, alpha.guard),
        (&ContextRef::InCluster, &Namespaces::All, Guard::Development)
    );
    assert_eq!(alpha.read_only, Some(ReadOnly::NotGranted));
    assert_eq!(settings.look, Look { theme: "mono".to_owned(), keymap: "vim".to_owned(), is_ascii: true });
}

#[test]
fn every_problem_is_reported_at_once_with_line_key_and_fix() {
    let text = r#"
[environment.production]
contxt = "prod"
guard = "prodution"
write = "yes"
namespaces = []
[environment.staging]
context = "st"
in_cluster = true
namespaces = ["Shop", "a", "a", 3]
[environment."odd name"]
context = "x"
[ui]
glyphs = "asci"
[servce.checkout]
tier = 1
"#;
    let (settings, problems) = parse(text);
    assert_eq!(
        problems,
        [
            "/etc/q.toml:3: environment.production.contxt: There is no such key. Did you mean \"context\"?",
            "/etc/q.toml:4: environment.production.guard: There is no guard \"prodution\". Did you mean \"production\"?",
            "/etc/q.toml:5: environment.production.write: Expected true or false, found a text. Write true or false, without quotes.",
            "/etc/q.toml:6: environment.production.namespaces: The list of namespaces is empty. Name at least one, or write namespaces = \"all\".",
            "/etc/q.toml:8: environment.staging.context: An environment is either a context or in_cluster, not both. Remove one of the two.",
            "/etc/q.toml:10: environment.staging.namespaces: Expected a text, found a number. Write it in double quotes.",
            "/etc/q.toml:10: environment.staging.namespaces: \"Shop\" cannot be a namespace: 1 to 63 lower-case letters, digits and dashes. Correct it or remove it.",
            "/etc/q.toml:10: environment.staging.namespaces: The namespace a is listed twice. Remove one of the two.",
            "/etc/q.toml:11: environment.\"odd name\": The name of an environment is 1 to 40 letters, digits, dashes, underscores or dots. Give it a shorter, plainer name; the context may be called anything.",
            "/etc/q.toml:14: ui.glyphs: There is no set of signs \"asci\". Did you mean \"ascii\"?",
            "/etc/q.toml:15: servce: There is no such key. Did you mean \"service\"?",
        ]
    );
    assert_eq!(settings.source, Source::Broken(FILE.into()));
}

#[test]
fn an_environment_may_have_no_cluster() {
    for text in ["[environment.production]\nguard = \"production\"\n", "[environment.production]\nin_cluster = false\n"]
    {
        let (settings, problems) = parse(text);
        assert_eq!((problems.len(), &settings.environments[0].context), (0, &ContextRef::Nowhere), "{text}");
        assert_eq!(settings.store_read_only, None);
    }
}

#[test]
fn who_may_not_write_into_the_store_is_told_why() {
    let why = |text: &str| parse(text).0.store_read_only;
    assert_eq!(why("[store]\nwrite = false\n"), Some(StoreReadOnly::Configured));
    assert_eq!((why("[store]\nwrite = true\n"), why("")), (None, None));
    assert_eq!(why("[store]\nwrite = \"no\"\n"), Some(StoreReadOnly::Broken));
}

#[test]
fn one_problem_makes_every_environment_read_only_with_the_production_guard() {
    let (settings, problems) = parse(&format!("{GOOD}colour = 3\n"));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(settings.environments.len(), 2);
    assert!(
        settings
            .environments
            .iter()
            .all(|environment| !environment.may_write() && environment.guard == Guard::Production)
    );
    assert!(settings.environments.iter().all(|environment| matches!(environment.read_only, Some(ReadOnly::Broken(_)))));
}

#[test]
fn a_syntax_error_still_gives_a_console() {
    for text in [
        "[environment",
        "\u{0}",
        "[environment.a]\ncontext = \"a\nwrite = true",
        "a = 1\na = 2",
        "environment = 3",
        "[[environment]]",
    ] {
        let (settings, problems) = parse(text);
        assert!(!problems.is_empty(), "{text:?}");
        assert!(
            !settings.environments.is_empty()
                && settings.environments.iter().all(|environment| !environment.may_write())
        );
    }
}

#[test]
fn two_guards_for_one_cluster_are_a_problem() {
    let text = "[environment.a]\ncontext = \"x\"\nguard = \"production\"\n[environment.b]\ncontext = \"x\"\nguard = \"development\"\nwrite = true\n";
    let (_, problems) = parse(text);
    assert_eq!(
        problems,
        [
            "/etc/q.toml:4: environment.b: \"x\" is guarded as development here and as production in a. Give both environments of this context the same guard."
        ]
    );
    let same = text.replace("development", "production");
    assert_eq!(parse(&same).1, Vec::<String>::new());
}

#[test]
fn without_a_file_the_current_context_is_read_only_and_the_way_out_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    let asked = Asked { current_context: Some("kind".to_owned()), ..Asked::default() };
    let (settings, problems) = Settings::load(&file, false, &asked);
    assert_eq!(problems, []);
    assert_eq!(settings.source, Source::NoFile(file.clone()));
    assert_eq!(settings.environments.len(), 1);
    let only = &settings.environments[0];
    assert_eq!(
        (&*only.name, &only.context, only.guard),
        ("kind", &ContextRef::Named("kind".to_owned()), Guard::Production)
    );
    assert!(only.read_only.as_ref().is_some_and(|why| why.fix().contains(&file.display().to_string())));

    let (settings, problems) = Settings::load(&file, true, &asked);
    assert_eq!(problems.len(), 1, "a file named on the command line must be there");
    assert_eq!(settings.source, Source::Broken(file));
}

#[test]
fn a_file_that_cannot_be_read_as_text_is_a_problem_not_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, [0xff, 0xfe, 0x00]).unwrap();
    for file in [file, folder.path().to_path_buf()] {
        let (settings, problems) = Settings::load(&file, false, &Asked::default());
        assert_eq!(problems.len(), 1);
        assert_eq!(settings.environments[0].context, ContextRef::Current);
        assert!(!settings.environments[0].may_write());
    }
}

#[test]
fn read_only_on_the_command_line_always_wins() {
    let (settings, _) = parse_asked(GOOD, &Asked { is_read_only: true, ..Asked::default() });
    assert!(settings.environments.iter().all(|environment| environment.read_only == Some(ReadOnly::Asked)));
}

#[test]
fn a_context_asked_for_is_the_only_one_and_undeclared_means_read_only_production() {
    let asked = |context: &str| Asked { context: Some(context.to_owned()), ..Asked::default() };
    let (settings, _) = parse_asked(GOOD, &asked("prod-eu"));
    assert_eq!(settings.environments.len(), 1);
    assert!(settings.environments[0].may_write());
    let (settings, _) = parse_asked(GOOD, &asked("laptop"));
    assert_eq!(settings.environments.len(), 1);
    let only = &settings.environments[0];
    assert_eq!((only.guard, &only.read_only), (Guard::Production, &Some(ReadOnly::Undeclared)));
    assert_eq!(only.context, ContextRef::Named("laptop".to_owned()));
}

#[test]
fn the_sample_is_valid_as_it_is_and_with_every_setting_uncommented() {
    let (settings, problems) = parse(SAMPLE);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(settings.look, Look::default());
    assert_eq!(settings.environments[0].read_only, Some(ReadOnly::Undeclared));

    let uncomment = |line: &str| match line.strip_prefix('#') {
        Some(setting) if !setting.is_empty() && !setting.starts_with(' ') => format!("{setting}\n"),
        _ => format!("{line}\n"),
    };
    let (settings, problems) = parse(&SAMPLE.lines().map(uncomment).collect::<String>());
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(settings.environments.len(), 2);
    assert!(settings.environments.iter().all(Environment::may_write));
    assert_eq!(settings.services.declared().len(), 1, "the design's own example loads");
}

proptest::proptest! {
    #[test]
    fn no_text_whatever_costs_the_console_or_grants_a_write_with_a_problem(text in "(\\[environment\\.[a-z]{1,3}\\]\n|context = \"?[a-z]*\"?\n|write = [a-z\"]{1,5}\n|write = true\n|guard = \"[a-z]+\"\n|.{0,12}\n){0,12}") {
        let (settings, problems) = parse(&text);
        proptest::prop_assert!(!settings.environments.is_empty());
        proptest::prop_assert!(problems.is_empty() || settings.environments.iter().all(|environment| !environment.may_write()));
    }
}
