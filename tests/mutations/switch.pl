# Puts every mutation of the list behind a switch in a copy of the checkout, and prints them: number, name, tests, reason.
use strict;
use warnings;
use utf8;
use open qw(:std :encoding(UTF-8));

my ($copy, $list) = @ARGV;
open my $in, '<', $list or die "$list: $!\n";
my (@mutations, $file, $tests);
while (<$in>) {
    chomp;
    next if /^#/ or /^\s*$/;
    if    (/^(\S+\.rs)\s+(\S+)\s+(\S+)\s+(\S+)$/) { $file = $1; $tests = [$2, $3, $4] }
    elsif (/^(\S+):(?:\s+(\S+))?(?:\s+(\S+))?$/) {
        my @own = ($tests->[0], $2 // $tests->[1], $3 // $tests->[2]);
        push @mutations, { name => $1, file => $file, tests => \@own, old => [], new => [], why => '' };
    }
    elsif (/^  - ?(.*)$/)  { push @{ $mutations[-1]{old} }, $1 }
    elsif (/^  \+ ?(.*)$/) { push @{ $mutations[-1]{new} }, $1 }
    elsif (/^  = (.*)$/)   { $mutations[-1]{why} = $1 }
    else                   { die "$list:$.: what is this? $_\n" }
}
my %texts;
my $failed = 0;
for my $number (0 .. $#mutations) {
    my $one  = $mutations[$number];
    my $text = $texts{ $one->{file} } //= read_file("$copy/$one->{file}");
    # The code may break lines as it likes. Between « and » stands what is replaced; around it, where to find it.
    my ($before, $old, $after) = (join ' ', @{ $one->{old} }) =~ /^(?:(.*)«)?(.*?)(?:»(.*))?$/;
    my ($lead, $what, $rest) = map { join '\s*', map { quotemeta } split ' ', $_ // '' } $before, $old, $after;
    $_ = length $_ ? $_ : '' for $lead, $rest;
    my $pattern = qr/($lead\s*)($what)(\s*$rest)/;
    my @found = $text =~ /$pattern/g;
    if (@found != 3) {
        print STDERR "$one->{name}: $one->{file} holds it ", @found / 3, " times, not once\n";
        $failed = 1;
        next;
    }
    my $new = join "\n", @{ $one->{new} };
    $text =~ s/$pattern/$1(if crate::mutated($number) { $new } else { $2 })$3/;
    # A switch is read at run time.
    $text =~ s/\bconst fn\b/fn/g;
    $texts{ $one->{file} } = $text;
    print join("\t", $number, $one->{name}, @{ $one->{tests} }, $one->{why}), "\n";
}
$texts{'src/lib.rs'} //= read_file("$copy/src/lib.rs");
# Children that a test starts without its environment are told by the test's own.
$texts{'src/lib.rs'} .= <<'RUST';

/// Whether a mutation is switched on.
#[doc(hidden)]
pub fn mutated(number: u32) -> bool {
    static ON: std::sync::OnceLock<Option<u32>> = std::sync::OnceLock::new();
    let on = ON.get_or_init(|| std::env::var("QUARTERDECK_MUTATION").ok().and_then(|text| text.parse().ok()));
    *on == Some(number)
}
RUST
for my $path ('tests/support/console.rs', 'tests/support/pty.rs', 'tests/real/cluster/mounts.rs', 'tests/real/metrics/mod.rs', 'tests/real/metrics/sandbox.rs') {
    next unless -e "$copy/$path";
    my $text = read_file("$copy/$path");
    $text =~ s/command\.env_clear\(\)/command.env_clear().envs(std::env::var("QUARTERDECK_MUTATION").ok().map(|on| ("QUARTERDECK_MUTATION", on)))/g;
    $texts{$path} = $text;
}
exit 1 if $failed;
# Lints are not asked here: a switch has parentheses nobody needs.
$texts{'src/lib.rs'} =~ s/^/#![allow(unused_parens, clippy::all)]\n/ unless $texts{'src/lib.rs'} =~ /^\/\/!/;
for my $path (keys %texts) {
    next if -e "$copy/$path" && read_file("$copy/$path") eq $texts{$path};
    open my $out, '>', "$copy/$path" or die "$copy/$path: $!\n";
    print $out $texts{$path};
    close $out;
}

sub read_file {
    my ($path) = @_;
    open my $in, '<', $path or die "$path: $!\n";
    local $/;
    return <$in>;
}
