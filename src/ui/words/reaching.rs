//! The words of reaching into pods.

use crate::ui::reaching::Way;

/// Labels, in the order of the page.
pub const ENVIRONMENT: &str = "in";
/// The pod.
pub const POD: &str = "pod";
/// Its containers.
pub const CONTAINERS: &str = "containers";
/// Why it cannot be done.
pub const REFUSED: &str = "REFUSED";
/// What it does.
pub const MEANS: &str = "means";
/// How it ends.
pub const ENDS: &str = "ends";
/// The field of the container.
pub const CONTAINER: &str = "container";
/// The field of the command.
pub const COMMAND: &str = "command";
/// The field of the word.
pub const WORD: &str = "word";
/// The field of the ports.
pub const PORTS: &str = "ports";
/// It cannot be confirmed.
pub const NO_CONFIRMATION: &str = "There is nothing to confirm; esc closes this.";
/// It is on its way.
pub const STARTING: &str = "Asking the pod… esc gives it up.";
/// What ports look like.
pub const PORTS_HELP: &str = "LOCAL:REMOTE, or one number for both; 0:REMOTE takes any free port of this machine.";

/// The title.
pub fn title(way: Way, pod: &str) -> String {
    match way {
        Way::Exec => format!("Run a command in pod {pod}"),
        Way::Forward => format!("Forward a port of pod {pod}"),
    }
}

/// What it does.
pub const fn means(way: Way) -> &'static str {
    match way {
        Way::Exec => {
            "What the command does there is done at once: there is no plan of it and no way back. Who ran which command in which container \
             is journalled; what is typed into it is not."
        }
        Way::Forward => {
            "Whoever is on this machine reaches the port of the pod with your rights, at 127.0.0.1 and nowhere else. The connections are \
             counted and journalled; what goes through them is not."
        }
    }
}

/// How it ends.
pub const fn ends(way: Way) -> &'static str {
    match way {
        Way::Exec => "with the command: the console comes back then. Runs go on behind it meanwhile.",
        Way::Forward => "with :end-forward, or when the console is left.",
    }
}

/// What confirms it.
pub fn press(way: Way, word: Option<&str>) -> String {
    match (way, word) {
        (_, Some(word)) => format!("Type {word} and press enter. Tab goes to the next field."),
        (Way::Exec, None) => "Press enter to run it. Tab goes to the next field.".to_owned(),
        (Way::Forward, None) => "Press enter to open it.".to_owned(),
    }
}
