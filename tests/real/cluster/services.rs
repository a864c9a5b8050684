//! Services on the real control plane: found by label, overridden by the configuration, rolled back as one.

use serde_json::Value;

use crate::support::console::Console;
use crate::support::process::wait_until;
use crate::support::shop::{Behaviour, PATIENCE, Shop};

/// A Deployment of a service, good once, then released badly.
fn broken(shop: &Shop, name: &str, service: &str) {
    shop.deploy_good(name, &format!("{name}:1"), 2);
    let label = format!("app.kubernetes.io/name={service}");
    shop.kubectl(&["label", &format!("deployment/{name}"), &label]).good("label");
    shop.deploy(name, &format!("{name}:2"), Behaviour::ImagePull, 2);
    shop.wait_for_waiting(&format!("{name}:2"), "ImagePullBackOff");
}

fn configured(shop: &Shop, more: &str) -> Console {
    let config = format!(
        "[environment.test]\ncontext = \"oncall\"\nnamespaces = [{:?}]\nguard = \"production\"\nwrite = true\n{more}",
        shop.name
    );
    Console::with(&shop.plane.kubeconfig("oncall", &shop.name), &config)
}

fn names(plan: &Value) -> Vec<&str> {
    let targets = plan["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
    targets.iter().filter_map(|target| target["workload"]["name"].as_str()).collect()
}

#[test]
fn a_service_found_by_its_label_is_rolled_back_as_one() {
    let shop = Shop::open("service-label");
    broken(&shop, "api", "checkout");
    broken(&shop, "web", "checkout");
    shop.deploy_good("lost", "lost:1", 1);
    let console = configured(&shop, "");
    assert_eq!(console.status_of("api").1["service"], "checkout");
    let (_, lost) = console.status_of("lost");
    assert_eq!(lost["service"], Value::Null, "shown, and mapped to nothing: {lost}");
    // One of which nothing can be taken back yet is refused.
    let plan = wait_until("an applicable plan of the service", PATIENCE, || {
        let (finished, plan) = console.plan(&["rollback", "service/checkout", "-n", &shop.name]);
        (finished.code == Some(0)).then_some(plan)
    });
    assert_eq!((plan["service"].as_str(), names(&plan)), (Some("checkout"), vec!["api", "web"]));
    assert_eq!(plan["confirmation"]["gesture"], "type_word", "two workloads are one service, in production too");
    let finished = console.apply(&plan);
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    for name in ["api", "web"] {
        shop.rolled_out(name);
        assert_eq!(shop.image(name), format!("{name}:1"));
    }
    let (finished, _) = console.plan(&["rollback", "service/chekout", "-n", &shop.name]);
    assert_eq!(finished.code, Some(2));
    assert!(finished.stderr.contains("there is checkout"), "{}", finished.stderr);
}

#[test]
fn the_configuration_says_what_a_service_is_and_in_which_order() {
    let shop = Shop::open("service-config");
    broken(&shop, "api", "one");
    broken(&shop, "web", "another");
    let by_label = configured(&shop, "");
    let both = ["rollback", "deployment/api", "deployment/web", "-n", &shop.name];
    // One of which nothing can be taken back yet is refused, and not a target.
    let plan = wait_until("a plan of both", PATIENCE, || {
        let (_, plan) = by_label.plan(&both);
        (names(&plan).len() == 2).then_some(plan)
    });
    assert_eq!(plan["confirmation"]["gesture"], "type_name_and_reason", "two services in production: {plan}");
    let list = "[service.checkout]\nworkloads = [\"deployment/web\", \"deployment/api\", \"deployment/gone\"]\n";
    let console = configured(&shop, list);
    let (_, plan) = console.plan(&both);
    assert_eq!(plan["confirmation"]["gesture"], "type_word", "one service by the configuration");
    let (finished, plan) = console.plan(&["rollback", "service/checkout", "-n", &shop.name]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(names(&plan), ["web", "api"]);
    let choice = plan["choice"].to_string();
    assert!(choice.contains("NOT THERE: the configuration lists deployment/gone for service checkout"), "{choice}");
    let finished = by_label.apply(&plan);
    assert_eq!(finished.code, Some(3), "a console that knows other services refuses it");
    assert_eq!(console.apply(&plan).code, Some(0));
    shop.rolled_out("web");
    assert_eq!((shop.image("web"), shop.image("api")), ("web:1".to_owned(), "api:1".to_owned()));
    wait_until("a status without trouble", PATIENCE, || (console.status_of("api").0 == Some(0)).then_some(()));
}
