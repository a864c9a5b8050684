//! A console with facts of our choosing: the real model and `update`, nothing outside, a clock that stands still.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use quarterdeck::actions::catalog;
use quarterdeck::app::{Effect, Message, Model, command_names, update};
use quarterdeck::config::{Asked, Settings};
use quarterdeck::domain::action::Plan;
use quarterdeck::domain::cause::Cause;
use quarterdeck::domain::cluster::ClusterSnapshot;
use quarterdeck::domain::node::Node;
use quarterdeck::domain::rollout::{Counts, Kind, Rollout, Verdict, WorkloadRef};
use quarterdeck::domain::source::{SourceHealth, SourceId, SourceKind, SourceState};
use quarterdeck::keys::{DEFAULT, Keymap, Sequence};
use quarterdeck::theme::{Depth, Glyphs, Theme};
use quarterdeck::ui::pen::Pen;
use quarterdeck::ui::root::{self, HitMap};
use quarterdeck::world::News;
use quarterdeck::world::{Connected, Scope};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::json;

/// The sizes every pane has to do well at.
pub(crate) const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];
/// Rows of a screen that are not the body: header, tabs, two lines at the foot.
const CHROME: u16 = 4;

/// The time on the stage.
pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-24T03:07:00Z".parse().expect("a time")
}

/// So many seconds ago.
pub(crate) fn ago(seconds: i64) -> DateTime<Utc> {
    now() - TimeDelta::seconds(seconds)
}

/// A console on a stage.
pub(crate) struct Stage {
    pub(crate) model: Model,
    pub(crate) theme: Theme,
    pub(crate) glyphs: Glyphs,
}

impl Stage {
    /// Connected to a production that may be written to, nothing read yet.
    pub(crate) fn new() -> Self {
        let text = "[environment.production]\ncontext = \"prod-eu\"\nnamespaces = [\"shop\"]\nguard = \"production\"\nwrite = true\nlocal_rules = false\n\
                    [environment.staging]\ncontext = \"stage-eu\"\nnamespaces = [\"shop\"]\nguard = \"staging\"\n";
        let (settings, problems) = Settings::parse("test.toml".as_ref(), text, &Asked::default());
        assert_eq!(problems, [], "the test's own configuration");
        let keymap = Keymap::load(DEFAULT, "/nowhere".as_ref(), &command_names(catalog::SHIPPED)).0;
        let mut stage = Self {
            model: Model::new(settings.environments, Scope::One(0), keymap, Vec::new()),
            theme: Theme::embedded("mono", Depth::None),
            glyphs: Glyphs::UNICODE,
        };
        let connected = Connected { context: "prod-eu".into(), identity: Some("mori".into()), scope: "shop".into() };
        stage.tell(News::Connected(0, connected));
        stage
    }

    /// Something happens.
    pub(crate) fn tell(&mut self, message: impl Into<Message>) {
        update(&mut self.model, message.into(), now());
    }

    /// Keys, written as a keymap writes them: `!b`, `enter`.
    pub(crate) fn press(&mut self, keys: &str) {
        let sequence: Sequence = keys.parse().expect("keys as a keymap writes them");
        for chord in sequence.0 {
            self.tell(Message::Key(chord));
        }
    }

    /// Keys a moment after the arming of what is open; what they ask for, but the keeping of drafts.
    pub(crate) fn later(&mut self, keys: &str) -> Vec<Effect> {
        let sequence: Sequence = keys.parse().expect("keys as a keymap writes them");
        let at = now() + TimeDelta::seconds(1);
        let asked = sequence.0.into_iter().flat_map(|chord| update(&mut self.model, Message::Key(chord), at));
        asked.filter(|effect| !matches!(effect, Effect::KeepDraft(_) | Effect::ForgetDraft(_))).collect()
    }

    /// Types a text.
    pub(crate) fn type_text(&mut self, text: &str) {
        for letter in text.chars() {
            self.press(&letter.to_string().replace(' ', "space"));
        }
    }

    /// The cluster as it is now.
    pub(crate) fn see(&mut self, rollouts: Vec<Rollout>, freshness: SourceState) {
        let mut rollouts: Vec<Arc<Rollout>> = rollouts.into_iter().map(Arc::new).collect();
        rollouts.sort_by(|one, other| one.worst_first(other));
        let snapshot = ClusterSnapshot {
            health: ["deployments", "replicasets", "pods"].map(|name| health(name, freshness)).into(),
            rollouts: rollouts.into(),
            jobs: [].into(),
            nodes: [].into(),
            causes: [].into(),
            pending: 0,
            api: None,
            is_looking_around: false,
            pods: 41,
            focus: None,
        };
        self.tell(News::Cluster(0, Box::new(snapshot)));
    }

    /// The cluster with nodes, and what holds workloads.
    pub(crate) fn see_nodes(&mut self, nodes: Vec<Node>, causes: Vec<Cause>, freshness: SourceState) {
        let mut nodes: Vec<Arc<Node>> = nodes.into_iter().map(Arc::new).collect();
        nodes.sort_by(|one, other| one.worst_first(other));
        let mut snapshot = self.model.world.sight("production").expect("production").snapshot.clone();
        snapshot.nodes = nodes.into();
        snapshot.causes = causes.into_iter().map(Arc::new).collect();
        snapshot.health.retain(|health| !health.id.kind.is_resource("nodes"));
        snapshot.health.push(health("nodes", freshness));
        self.tell(News::Cluster(0, Box::new(snapshot)));
    }

    /// The body alone, at a size of the whole screen.
    pub(crate) fn body(&self, columns: u16, rows: u16) -> Buffer {
        let area = Rect::new(0, 0, columns, rows.saturating_sub(CHROME));
        let mut buffer = Buffer::empty(area);
        let sources = self.model.world.sources();
        let scene = self.model.scene(now(), &sources);
        root::body(&mut Pen::new(&mut buffer, &self.theme, &self.glyphs, now()), area, &scene);
        buffer
    }

    /// The whole screen at a size.
    pub(crate) fn screen(&self, columns: u16, rows: u16) -> Buffer {
        self.drawn(columns, rows).0
    }

    /// The same with where things were drawn.
    pub(crate) fn drawn(&self, columns: u16, rows: u16) -> (Buffer, HitMap) {
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        let sources = self.model.world.sources();
        let hit = root::draw(&self.model.scene(now(), &sources), &self.theme, &self.glyphs, &mut buffer);
        (buffer, hit)
    }

    /// The body at every size, one below the other.
    pub(crate) fn bodies(&self) -> String {
        let drawn = SIZES.map(|(columns, rows)| format!("{columns}x{rows}\n{}", text(&self.body(columns, rows))));
        drawn.join("\n\n")
    }
}

/// What a buffer shows, row by row. The cell behind a wide letter is part of that letter.
pub(crate) fn text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let row = |y| {
        let (mut row, mut x) = (String::new(), 0);
        while x < area.width {
            let symbol = buffer[(x, y)].symbol();
            row.push_str(symbol);
            x += u16::try_from(quarterdeck::ui::text::width(symbol)).unwrap_or(1).max(1);
        }
        row.trim_end().to_owned()
    };
    (0..area.height).map(row).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

/// Which source of an environment goes by a name.
pub(crate) fn source(environment: &str, name: &'static str) -> SourceId {
    let kind = match name {
        "store" => return SourceId::store(),
        _ if name.starts_with("am-") => SourceKind::Alertmanager(name.into()),
        _ if name.contains(':') => SourceKind::Metrics(name.into()),
        _ => match name.strip_suffix(" rules") {
            Some(host) => SourceKind::Rules(host.into()),
            None if name.contains('.') => SourceKind::Prometheus(name.into()),
            None => SourceKind::Resource(name, None),
        },
    };
    SourceId::of(&environment.into(), kind)
}

/// A source of production, in a state.
pub(crate) fn health(name: &'static str, state: SourceState) -> SourceHealth {
    health_of("production", name, state)
}

/// A source of an environment, in a state.
pub(crate) fn health_of(environment: &str, name: &'static str, state: SourceState) -> SourceHealth {
    let loading = SourceHealth::loading(source(environment, name));
    match state {
        SourceState::Loading => loading,
        SourceState::Fresh | SourceState::Forbidden => SourceHealth { state, last_good: Some(now()), ..loading },
        SourceState::Stale | SourceState::Down => SourceHealth {
            state,
            last_good: Some(ago(if state == SourceState::Stale { 7 } else { 200 })),
            error: Some("https://10.0.0.1:6443 cannot be reached: connection refused. Is the VPN up?".into()),
            next_try: Some(now() + TimeDelta::seconds(4)),
            ..loading
        },
    }
}

/// A workload of the shop.
pub(crate) fn workload(name: &str) -> WorkloadRef {
    WorkloadRef {
        environment: "production".into(),
        namespace: "shop".into(),
        kind: Kind::Deployment,
        name: name.into(),
    }
}

/// A row of the list: complete, three pods, changed two hours ago.
pub(crate) fn rollout(name: &str, verdict: Verdict) -> Rollout {
    Rollout {
        workload: workload(name),
        uid: format!("uid-{name}").into(),
        service: Some(name.split('-').next().unwrap_or(name).into()),
        verdict,
        reason: None,
        counts: Counts { desired: 3, updated: 3, ready: 3, available: 3, total: 3 },
        revision: Some(12),
        images: [format!("ghcr.example/shop/{name}:2.4.1").into()].into(),
        stuck_pod: None,
        old_images: [].into(),
        changed_at: Some(ago(7_200)),
        sides: None,
        deadline_at: None,
        rate_per_minute: None,
        terminating: 0,
        notes: [].into(),
        record: None,
        maintenance: None,
    }
}

/// One row of every kind.
pub(crate) fn shop() -> Vec<Rollout> {
    let part = Counts { desired: 6, updated: 2, ready: 4, available: 4, total: 6 };
    let old: Arc<[Arc<str>]> = ["ghcr.example/shop/search:2.4.0".into()].into();
    vec![
        Rollout {
            counts: part,
            reason: Some("ProgressDeadlineExceeded: CrashLoopBackOff: pod payments-6b7f-x2x4z: container app exited 1, 9 restarts".into()),
            changed_at: Some(ago(1_260)),
            old_images: ["ghcr.example/shop/payments:2.4.0".into()].into(),
            ..rollout("payments", Verdict::Failed)
        },
        Rollout {
            counts: Counts { updated: 1, ..part },
            reason: Some("ImagePullBackOff: pod basket-5d9c-k2jqp: Back-off pulling image \"ghcr.example/shop/basket:2.4.1\"".into()),
            changed_at: Some(ago(95)),
            deadline_at: Some(now() + TimeDelta::seconds(505)),
            old_images: ["ghcr.example/shop/basket:2.4.0".into()].into(),
            ..rollout("basket", Verdict::Stuck)
        },
        Rollout {
            counts: Counts { ready: 1, available: 1, ..rollout("web", Verdict::Degraded).counts },
            reason: Some("1 of 3 available, was complete".into()),
            ..rollout("web", Verdict::Degraded)
        },
        Rollout { counts: part, notes: ["paused half-way".into()].into(), ..rollout("mail", Verdict::Paused) },
        Rollout { service: None, ..rollout("stock", Verdict::Stale) },
        Rollout { counts: Counts::default(), revision: None, images: [].into(), changed_at: None, ..rollout("unread", Verdict::Unknown) },
        Rollout {
            counts: part,
            changed_at: Some(ago(40)),
            deadline_at: Some(now() + TimeDelta::seconds(560)),
            rate_per_minute: Some(3.0),
            terminating: 2,
            old_images: old,
            ..rollout("search", Verdict::Progressing)
        },
        rollout("catalogue", Verdict::Complete),
        rollout("checkout-api", Verdict::Complete),
    ]
}

/// A rollback of `payments`, worked out and accepted by the server; or refused for these reasons.
pub(crate) fn plan(refusals: &[&str]) -> Plan {
    let rehearsal = if refusals.is_empty() {
        json!({"result": "accepted", "words": []})
    } else {
        json!({"result": "not_checked", "words": "write is not set."})
    };
    let document = json!({
        "version": 1, "id": "20261124T030700Z-0011223344556677", "action": "rollback", "environment": "production", "guard": "production",
        "cluster": {"context": "prod-eu", "server": "https://10.0.0.1:6443", "uid": "5c03e47e"},
        "actor": {"os_user": "mori", "host": "bastion", "ssh_client": "10.1.2.3", "identity": "mori@example.org"},
        "refreshed_at": now(), "expires_at": now() + TimeDelta::minutes(5), "tier": "T2",
        "confirmation": {"gesture": "type_word", "word": "ROLLBACK", "needs_reason": false},
        "targets": [{
            "workload": workload("payments"), "uid": "uid-payments", "from": "revision 12: ghcr.example/shop/payments:2.4.1 (release 2.4.1 by ci)",
            "to": "revision 11: ghcr.example/shop/payments:2.4.0 (release 2.4.0 by ci)", "given": {"to": 11},
            "steps": [{"words": "Put the pod template of revision 11 back into deployment/payments -n shop; the controller replaces the pods.",
                "request": {"method": "PATCH", "path": "/apis/apps/v1/namespaces/shop/deployments/payments?fieldManager=quarterdeck&fieldValidation=Strict", "content_type": "application/json-patch+json", "body": []}}],
            "pins": [{"path": "/metadata/uid", "value": "uid-payments"}],
            "changes": [{"path": "containers[app].image", "before": "ghcr.example/shop/payments:2.4.1", "after": "ghcr.example/shop/payments:2.4.0"}],
            "evidence": [{"words": "failed: 4/6 ready, 2 updated, 4 available; CrashLoopBackOff", "observed_at": ago(2)}],
            "blast": {"pods": 2, "words": "2 pods replaced, 2 pods started, 4 pods of the target revision already there"},
            "fights": [{"who": "Argo CD", "words": "the annotation argocd.argoproj.io/tracking-id says that it will put its own state back."}],
            "warnings": ["NOT SEEN HEALTHY HERE: nobody at this console saw revision 11 fully available."],
            "expected": "every replica runs ghcr.example/shop/payments:2.4.0 and is available; no pod of the present revision is left",
            "expected_template": {}, "deadline_seconds": 600,
            "inverse": {"words": "Roll forward to the present revision; plan it from the history.", "command": "quarterdeck plan rollback deployment/payments -n shop --to 12"},
        }],
        "rehearsal": rehearsal, "refusals": refusals,
    });
    serde_json::from_value::<Plan>(document).expect("a plan").sealed()
}
