//! Changing the primary of a database: a real Patroni cluster, and the simulated one held to the same contract.

mod contract;
