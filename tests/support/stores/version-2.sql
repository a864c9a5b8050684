--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: quarterdeck; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA quarterdeck;


--
-- Name: audit_append(); Type: FUNCTION; Schema: quarterdeck; Owner: -
--

CREATE FUNCTION quarterdeck.audit_append() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
  head quarterdeck.audit_head%rowtype;
begin
  perform pg_advisory_xact_lock(5857108, 2);
  select * into head from quarterdeck.audit_head where chain = new.chain;
  if new.seq <> coalesce(head.seq, 0) + 1 or new.prev <> coalesce(head.hash, '') then
    raise exception 'the chain does not continue here' using errcode = 'QD001';
  end if;
  select coalesce(max(position), 0) + 1 into new.position from quarterdeck.audit;
  new.recorded_at := quarterdeck.store_now();
  new.written_by := session_user;
  insert into quarterdeck.audit_head (chain, seq, hash) values (new.chain, new.seq, new.hash)
    on conflict (chain) do update set seq = excluded.seq, hash = excluded.hash;
  return new;
end $$;


--
-- Name: audit_head_guard(); Type: FUNCTION; Schema: quarterdeck; Owner: -
--

CREATE FUNCTION quarterdeck.audit_head_guard() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  -- Depth 1 is somebody's own statement; only the trigger of the audit writes heads.
  if pg_trigger_depth() < 2 then
    raise exception 'the heads of the audit are written with its lines only' using errcode = 'QD002';
  end if;
  return new;
end $$;


--
-- Name: audit_refuse(); Type: FUNCTION; Schema: quarterdeck; Owner: -
--

CREATE FUNCTION quarterdeck.audit_refuse() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  raise exception 'the audit is append-only' using errcode = 'QD002';
end $$;


--
-- Name: store_now(); Type: FUNCTION; Schema: quarterdeck; Owner: -
--

CREATE FUNCTION quarterdeck.store_now() RETURNS timestamp with time zone
    LANGUAGE sql
    AS $$select clock_timestamp()$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: acknowledgement; Type: TABLE; Schema: quarterdeck; Owner: -
--

CREATE TABLE quarterdeck.acknowledgement (
    environment text NOT NULL,
    fingerprint text NOT NULL,
    alert text NOT NULL,
    firing_since timestamp with time zone,
    by_name text NOT NULL,
    at timestamp with time zone NOT NULL,
    until timestamp with time zone,
    note text NOT NULL,
    withdrawn_by text,
    withdrawn_at timestamp with time zone,
    version bigint NOT NULL,
    attempt text NOT NULL,
    "position" bigint NOT NULL
);


--
-- Name: annotation; Type: TABLE; Schema: quarterdeck; Owner: -
--

CREATE TABLE quarterdeck.annotation (
    id text NOT NULL,
    environment text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    change text NOT NULL,
    at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    words text NOT NULL,
    by_name text NOT NULL,
    "position" bigint NOT NULL
);


--
-- Name: audit; Type: TABLE; Schema: quarterdeck; Owner: -
--

CREATE TABLE quarterdeck.audit (
    "position" bigint NOT NULL,
    chain text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    prev text NOT NULL,
    hash text NOT NULL,
    at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    written_by text NOT NULL,
    kind text NOT NULL,
    what text NOT NULL,
    actor text NOT NULL,
    environment text NOT NULL,
    about text NOT NULL,
    words text NOT NULL,
    haystack text NOT NULL,
    line text NOT NULL
);


--
-- Name: audit_head; Type: TABLE; Schema: quarterdeck; Owner: -
--

CREATE TABLE quarterdeck.audit_head (
    chain text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    hash text NOT NULL
);


--
-- Name: migration; Type: TABLE; Schema: quarterdeck; Owner: -
--

CREATE TABLE quarterdeck.migration (
    version bigint NOT NULL,
    digest text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


--
-- Name: note; Type: TABLE; Schema: quarterdeck; Owner: -
--

CREATE TABLE quarterdeck.note (
    id text NOT NULL,
    environment text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    text text NOT NULL,
    by_name text NOT NULL,
    at timestamp with time zone NOT NULL,
    edited_by text,
    edited_at timestamp with time zone,
    withdrawn_by text,
    withdrawn_at timestamp with time zone,
    version bigint NOT NULL,
    attempt text NOT NULL,
    "position" bigint NOT NULL
);


--
-- Name: release_seen; Type: TABLE; Schema: quarterdeck; Owner: -
--

CREATE TABLE quarterdeck.release_seen (
    cluster text NOT NULL,
    revision_uid text NOT NULL,
    environment text NOT NULL,
    workload text NOT NULL,
    revision bigint,
    images text NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    healthy_at timestamp with time zone
);


--
-- Data for Name: acknowledgement; Type: TABLE DATA; Schema: quarterdeck; Owner: -
--

COPY quarterdeck.acknowledgement (environment, fingerprint, alert, firing_since, by_name, at, until, note, withdrawn_by, withdrawn_at, version, attempt, "position") FROM stdin;
production	75f2a12d0fe57869	CertificateExpiresSoon	2026-11-30 19:00:26+00	mori	2026-12-01 00:00:26.610348+00	\N	a test takes it back	\N	\N	1	01M8QEE5YW7CW9QM0C89N8X0F8	1
production	gone	HighErrorRate	\N	lee	2026-12-01 00:00:27.896271+00	\N	looking at 決済	lee	2026-12-01 00:00:27.903343+00	2	01M8QEE77Y0JYP1YNMK6ZMJ5MF	25
\.


--
-- Data for Name: annotation; Type: TABLE DATA; Schema: quarterdeck; Owner: -
--

COPY quarterdeck.annotation (id, environment, kind, name, change, at, recorded_at, words, by_name, "position") FROM stdin;
01M8QEE75T3GG1D734WEC3T2RC	production	workload	shop/deployment/gateway	deploy	2026-11-30 23:55:27.834607+00	2026-12-01 00:00:27.866301+00	v2	mori	23
\.


--
-- Data for Name: audit; Type: TABLE DATA; Schema: quarterdeck; Owner: -
--

COPY quarterdeck.audit ("position", chain, seq, prev, hash, at, recorded_at, written_by, kind, what, actor, environment, about, words, haystack, line) FROM stdin;
1	store/01M8QEE5W4352Y01ZMG6XW3C9V	1		a57db9462b919de3887b1e32d6628ae71f4aef72ab37e576634a13bd2c7f8046	2026-12-01 00:00:26.610348+00	2026-12-01 00:00:26.631508+00	quarterdeck	data	acknowledged	mori	production	alert 75f2a12d0fe57869	CertificateExpiresSoon taken. a test takes it back	acknowledged\nalert 75f2a12d0fe57869\nmori\ncertificateexpiressoon taken. a test takes it back	{"seq":1,"at":"2026-12-01T00:00:26.610348Z","prev":"","id":"01M8QEE5YW7CW9QM0C89N8X0F8","kind":"data","what":"acknowledged","actor":"mori","origin":"mori@vm","environment":"production","about":"alert 75f2a12d0fe57869","words":"CertificateExpiresSoon taken. a test takes it back","hash":"a57db9462b919de3887b1e32d6628ae71f4aef72ab37e576634a13bd2c7f8046"}
2	store/01M8QEE65SMD8B2PCT00C9C6NP	1		6192b92cc916ef896a57c6839ec3ff2738a583bb28ba0fec3cd119699dfcc167	2026-12-01 00:00:26.918538+00	2026-12-01 00:00:26.929479+00	quarterdeck	data	note added	mori	production	alert 75f2a12d0fe57869	24 bytes, sha256:e9ff927b0be16eba23ce3648507773201bacf758020b24fda904f962f7065ab4	note added\nalert 75f2a12d0fe57869\nmori\n24 bytes, sha256:e9ff927b0be16eba23ce3648507773201bacf758020b24fda904f962f7065ab4	{"seq":1,"at":"2026-12-01T00:00:26.918538Z","prev":"","id":"01M8QEE66JM9WY7EHWS7GXGEKE","kind":"data","what":"note added","actor":"mori","origin":"mori@vm","environment":"production","about":"alert 75f2a12d0fe57869","words":"24 bytes, sha256:e9ff927b0be16eba23ce3648507773201bacf758020b24fda904f962f7065ab4","hash":"6192b92cc916ef896a57c6839ec3ff2738a583bb28ba0fec3cd119699dfcc167"}
3	store/01M8QEE6FG44N16D1AJ6MZDXTH	1		897cd3a2943d547de554f0e94cfffa356a29e6458da0e8b114923979cfe58550	2026-12-01 00:00:27.218565+00	2026-12-01 00:00:27.229254+00	quarterdeck	data	note added	mori	production	alert 75f2a12d0fe57869	8 bytes, sha256:bb526ea773c89e827d0c69c4ab8d5124e44f9c1aaa40208ba2cb06a252356098	note added\nalert 75f2a12d0fe57869\nmori\n8 bytes, sha256:bb526ea773c89e827d0c69c4ab8d5124e44f9c1aaa40208ba2cb06a252356098	{"seq":1,"at":"2026-12-01T00:00:27.218565Z","prev":"","id":"01M8QEE6GA0HY40ASMYPRCN41B","kind":"data","what":"note added","actor":"mori","origin":"mori@vm","environment":"production","about":"alert 75f2a12d0fe57869","words":"8 bytes, sha256:bb526ea773c89e827d0c69c4ab8d5124e44f9c1aaa40208ba2cb06a252356098","hash":"897cd3a2943d547de554f0e94cfffa356a29e6458da0e8b114923979cfe58550"}
4	store/01M8QEE6RXJMZEBNG6GTAJWWAN	1		71537b2042f03228f877799e567603e18445570035ce293f774e1344a22de1d8	2026-12-01 00:00:27.55849+00	2026-12-01 00:00:27.569101+00	quarterdeck	data	note withdrawn	mori	production	alert 75f2a12d0fe57869		note withdrawn\nalert 75f2a12d0fe57869\nmori\n	{"seq":1,"at":"2026-12-01T00:00:27.558490Z","prev":"","id":"01M8QEE6VYP17BHWRFYS43Y4X0","kind":"data","what":"note withdrawn","actor":"mori","origin":"mori@vm","environment":"production","about":"alert 75f2a12d0fe57869","words":"","hash":"71537b2042f03228f877799e567603e18445570035ce293f774e1344a22de1d8"}
5	journal/20261201T000026Z-25768-0bd48bed	1		51a7a97d0eb09067553669ee6b31c28f1929f0cac53ecd75c362b04af1f563e5	2026-12-01 00:00:26.584768+00	2026-12-01 00:00:27.756821+00	quarterdeck	action	begun	mori	production	acknowledge	CertificateExpiresSoon: a test takes it back	begun\nacknowledge\nmori\ncertificateexpiressoon: a test takes it back	{"seq":1,"at":"2026-12-01T00:00:26.584768618Z","prev":"","what":"begun","run":"01M8QEE5YRHE6QYAGTAA0PY1M5","action":"acknowledge","environment":"production","cluster":"","actor":"mori","words":"CertificateExpiresSoon: a test takes it back","hash":"51a7a97d0eb09067553669ee6b31c28f1929f0cac53ecd75c362b04af1f563e5"}
6	journal/20261201T000026Z-25768-0bd48bed	2	51a7a97d0eb09067553669ee6b31c28f1929f0cac53ecd75c362b04af1f563e5	2f52b19dc0350cdd8731f712a8465651e2aeff9c8fde55af14f1ac8d5c1150c1	2026-12-01 00:00:26.587915+00	2026-12-01 00:00:27.763024+00	quarterdeck	action	intent	mori	production	acknowledge	CertificateExpiresSoon (75f2a12d0fe57869)	intent\nacknowledge\nmori\ncertificateexpiressoon (75f2a12d0fe57869)	{"seq":2,"at":"2026-12-01T00:00:26.587915018Z","prev":"51a7a97d0eb09067553669ee6b31c28f1929f0cac53ecd75c362b04af1f563e5","what":"intent","run":"01M8QEE5YRHE6QYAGTAA0PY1M5","action":"acknowledge","environment":"production","cluster":"","actor":"mori","target":0,"words":"CertificateExpiresSoon (75f2a12d0fe57869)","hash":"2f52b19dc0350cdd8731f712a8465651e2aeff9c8fde55af14f1ac8d5c1150c1"}
7	journal/20261201T000026Z-25768-0bd48bed	3	2f52b19dc0350cdd8731f712a8465651e2aeff9c8fde55af14f1ac8d5c1150c1	8ff24bbd198628d69a9f93267fdee1fa59998bf17a18ba3e1554d5263ca2f440	2026-12-01 00:00:26.638816+00	2026-12-01 00:00:27.774477+00	quarterdeck	action	settled	mori	production	acknowledge	CertificateExpiresSoon (75f2a12d0fe57869): mori is on it.	settled\nacknowledge\nmori\ncertificateexpiressoon (75f2a12d0fe57869): mori is on it.	{"seq":3,"at":"2026-12-01T00:00:26.638816926Z","prev":"2f52b19dc0350cdd8731f712a8465651e2aeff9c8fde55af14f1ac8d5c1150c1","what":"settled","run":"01M8QEE5YRHE6QYAGTAA0PY1M5","action":"acknowledge","environment":"production","cluster":"","actor":"mori","target":0,"outcome":"done","words":"CertificateExpiresSoon (75f2a12d0fe57869): mori is on it.","hash":"8ff24bbd198628d69a9f93267fdee1fa59998bf17a18ba3e1554d5263ca2f440"}
8	journal/20261201T000026Z-25768-0bd48bed	4	8ff24bbd198628d69a9f93267fdee1fa59998bf17a18ba3e1554d5263ca2f440	39d2993d6c7aba2beb7be900a95a82053bf065d4afc3c2ee5aa73b814c6ad911	2026-12-01 00:00:26.642842+00	2026-12-01 00:00:27.775911+00	quarterdeck	action	ended	mori	production	acknowledge	CertificateExpiresSoon: acknowledged; it keeps firing and notifying.	ended\nacknowledge\nmori\ncertificateexpiressoon: acknowledged; it keeps firing and notifying.	{"seq":4,"at":"2026-12-01T00:00:26.642842325Z","prev":"8ff24bbd198628d69a9f93267fdee1fa59998bf17a18ba3e1554d5263ca2f440","what":"ended","run":"01M8QEE5YRHE6QYAGTAA0PY1M5","action":"acknowledge","environment":"production","cluster":"","actor":"mori","phase":"done","words":"CertificateExpiresSoon: acknowledged; it keeps firing and notifying.","hash":"39d2993d6c7aba2beb7be900a95a82053bf065d4afc3c2ee5aa73b814c6ad911"}
9	journal/20261201T000026Z-25791-a48512c1	1		12f7469a02b0ede873ceb7cbb54204ed79880fca06e4865c586106cde6711b57	2026-12-01 00:00:26.809984+00	2026-12-01 00:00:27.779144+00	quarterdeck	action	begun	mori	production	note	Note on CertificateExpiresSoon: 24 bytes, sha256:e9ff927b0be16eba23ce3648507773201bacf758020b24fda904f962f7065ab4	begun\nnote\nmori\nnote on certificateexpiressoon: 24 bytes, sha256:e9ff927b0be16eba23ce3648507773201bacf758020b24fda904f962f7065ab4	{"seq":1,"at":"2026-12-01T00:00:26.809984568Z","prev":"","what":"begun","run":"01M8QEE65SYV7XEH8B89FJDS4B","action":"note","environment":"production","cluster":"","actor":"mori","words":"Note on CertificateExpiresSoon: 24 bytes, sha256:e9ff927b0be16eba23ce3648507773201bacf758020b24fda904f962f7065ab4","hash":"12f7469a02b0ede873ceb7cbb54204ed79880fca06e4865c586106cde6711b57"}
10	journal/20261201T000026Z-25791-a48512c1	2	12f7469a02b0ede873ceb7cbb54204ed79880fca06e4865c586106cde6711b57	5d5ae6d3d9ddfc723e909fe537de92a8b542e4e7e7bd5dabccab65fb0cfe373d	2026-12-01 00:00:26.826143+00	2026-12-01 00:00:27.779727+00	quarterdeck	action	intent	mori	production	note	CertificateExpiresSoon (75f2a12d0fe57869)	intent\nnote\nmori\ncertificateexpiressoon (75f2a12d0fe57869)	{"seq":2,"at":"2026-12-01T00:00:26.826143108Z","prev":"12f7469a02b0ede873ceb7cbb54204ed79880fca06e4865c586106cde6711b57","what":"intent","run":"01M8QEE65SYV7XEH8B89FJDS4B","action":"note","environment":"production","cluster":"","actor":"mori","target":0,"words":"CertificateExpiresSoon (75f2a12d0fe57869)","hash":"5d5ae6d3d9ddfc723e909fe537de92a8b542e4e7e7bd5dabccab65fb0cfe373d"}
11	journal/20261201T000026Z-25791-a48512c1	3	5d5ae6d3d9ddfc723e909fe537de92a8b542e4e7e7bd5dabccab65fb0cfe373d	630f146dc7196745526b95cd36cc212eee1fbadf05c33fc158b7617f7aebb84f	2026-12-01 00:00:26.952169+00	2026-12-01 00:00:27.780215+00	quarterdeck	action	settled	mori	production	note	CertificateExpiresSoon (75f2a12d0fe57869): written down.	settled\nnote\nmori\ncertificateexpiressoon (75f2a12d0fe57869): written down.	{"seq":3,"at":"2026-12-01T00:00:26.952169544Z","prev":"5d5ae6d3d9ddfc723e909fe537de92a8b542e4e7e7bd5dabccab65fb0cfe373d","what":"settled","run":"01M8QEE65SYV7XEH8B89FJDS4B","action":"note","environment":"production","cluster":"","actor":"mori","target":0,"outcome":"done","words":"CertificateExpiresSoon (75f2a12d0fe57869): written down.","hash":"630f146dc7196745526b95cd36cc212eee1fbadf05c33fc158b7617f7aebb84f"}
12	journal/20261201T000026Z-25791-a48512c1	4	630f146dc7196745526b95cd36cc212eee1fbadf05c33fc158b7617f7aebb84f	4e5386e5a8b64096e994a3e270784971dd8e295c34bd1452bfd937c77c5a6ea3	2026-12-01 00:00:26.95546+00	2026-12-01 00:00:27.780964+00	quarterdeck	action	ended	mori	production	note	CertificateExpiresSoon: written down.	ended\nnote\nmori\ncertificateexpiressoon: written down.	{"seq":4,"at":"2026-12-01T00:00:26.955460285Z","prev":"630f146dc7196745526b95cd36cc212eee1fbadf05c33fc158b7617f7aebb84f","what":"ended","run":"01M8QEE65SYV7XEH8B89FJDS4B","action":"note","environment":"production","cluster":"","actor":"mori","phase":"done","words":"CertificateExpiresSoon: written down.","hash":"4e5386e5a8b64096e994a3e270784971dd8e295c34bd1452bfd937c77c5a6ea3"}
13	journal/20261201T000027Z-25820-22629d78	1		2774510d6e2fdc1d07f34e3d082e564b06a05c81e9610e00802967e9472b224a	2026-12-01 00:00:27.120593+00	2026-12-01 00:00:27.789689+00	quarterdeck	action	begun	mori	production	note	Note on CertificateExpiresSoon: 8 bytes, sha256:bb526ea773c89e827d0c69c4ab8d5124e44f9c1aaa40208ba2cb06a252356098	begun\nnote\nmori\nnote on certificateexpiressoon: 8 bytes, sha256:bb526ea773c89e827d0c69c4ab8d5124e44f9c1aaa40208ba2cb06a252356098	{"seq":1,"at":"2026-12-01T00:00:27.120593681Z","prev":"","what":"begun","run":"01M8QEE6FGZFBPNB1E2D81YCWN","action":"note","environment":"production","cluster":"","actor":"mori","words":"Note on CertificateExpiresSoon: 8 bytes, sha256:bb526ea773c89e827d0c69c4ab8d5124e44f9c1aaa40208ba2cb06a252356098","hash":"2774510d6e2fdc1d07f34e3d082e564b06a05c81e9610e00802967e9472b224a"}
14	journal/20261201T000027Z-25820-22629d78	2	2774510d6e2fdc1d07f34e3d082e564b06a05c81e9610e00802967e9472b224a	84edd1421352e0f0ff8d82056a2e9727b67fe471945f94bd276a8b7ea667e813	2026-12-01 00:00:27.142513+00	2026-12-01 00:00:27.790396+00	quarterdeck	action	intent	mori	production	note	CertificateExpiresSoon (75f2a12d0fe57869)	intent\nnote\nmori\ncertificateexpiressoon (75f2a12d0fe57869)	{"seq":2,"at":"2026-12-01T00:00:27.142513163Z","prev":"2774510d6e2fdc1d07f34e3d082e564b06a05c81e9610e00802967e9472b224a","what":"intent","run":"01M8QEE6FGZFBPNB1E2D81YCWN","action":"note","environment":"production","cluster":"","actor":"mori","target":0,"words":"CertificateExpiresSoon (75f2a12d0fe57869)","hash":"84edd1421352e0f0ff8d82056a2e9727b67fe471945f94bd276a8b7ea667e813"}
15	journal/20261201T000027Z-25820-22629d78	3	84edd1421352e0f0ff8d82056a2e9727b67fe471945f94bd276a8b7ea667e813	ec3b4da28dc03ce4f9b5053cf5bcce8cff2d6a62ec33547c80e671e1d22749f8	2026-12-01 00:00:27.242709+00	2026-12-01 00:00:27.790921+00	quarterdeck	action	settled	mori	production	note	CertificateExpiresSoon (75f2a12d0fe57869): written down.	settled\nnote\nmori\ncertificateexpiressoon (75f2a12d0fe57869): written down.	{"seq":3,"at":"2026-12-01T00:00:27.242709204Z","prev":"84edd1421352e0f0ff8d82056a2e9727b67fe471945f94bd276a8b7ea667e813","what":"settled","run":"01M8QEE6FGZFBPNB1E2D81YCWN","action":"note","environment":"production","cluster":"","actor":"mori","target":0,"outcome":"done","words":"CertificateExpiresSoon (75f2a12d0fe57869): written down.","hash":"ec3b4da28dc03ce4f9b5053cf5bcce8cff2d6a62ec33547c80e671e1d22749f8"}
16	journal/20261201T000027Z-25820-22629d78	4	ec3b4da28dc03ce4f9b5053cf5bcce8cff2d6a62ec33547c80e671e1d22749f8	85eb245b50327d7d9a4244c56e6755c5e4f52652c41724b573a93e3056114f7a	2026-12-01 00:00:27.250151+00	2026-12-01 00:00:27.791423+00	quarterdeck	action	ended	mori	production	note	CertificateExpiresSoon: written down.	ended\nnote\nmori\ncertificateexpiressoon: written down.	{"seq":4,"at":"2026-12-01T00:00:27.250151179Z","prev":"ec3b4da28dc03ce4f9b5053cf5bcce8cff2d6a62ec33547c80e671e1d22749f8","what":"ended","run":"01M8QEE6FGZFBPNB1E2D81YCWN","action":"note","environment":"production","cluster":"","actor":"mori","phase":"done","words":"CertificateExpiresSoon: written down.","hash":"85eb245b50327d7d9a4244c56e6755c5e4f52652c41724b573a93e3056114f7a"}
17	journal/20261201T000027Z-25842-ca7c9d54	1		644119aad44e835ff1032254f86a08581755705446c15f6d81cdc557bc25162b	2026-12-01 00:00:27.497813+00	2026-12-01 00:00:27.797095+00	quarterdeck	action	begun	mori	production	withdraw-note	Take mori's note on CertificateExpiresSoon back	begun\nwithdraw-note\nmori\ntake mori's note on certificateexpiressoon back	{"seq":1,"at":"2026-12-01T00:00:27.497813128Z","prev":"","what":"begun","run":"01M8QEE6V9GJ3W8QXPXYT518BC","action":"withdraw-note","environment":"production","cluster":"","actor":"mori","words":"Take mori's note on CertificateExpiresSoon back","hash":"644119aad44e835ff1032254f86a08581755705446c15f6d81cdc557bc25162b"}
18	journal/20261201T000027Z-25842-ca7c9d54	2	644119aad44e835ff1032254f86a08581755705446c15f6d81cdc557bc25162b	291fe75d6ce340580fe0c9de4e50151e646263a4a54ca31b24359fee3eeee9d6	2026-12-01 00:00:27.51015+00	2026-12-01 00:00:27.802984+00	quarterdeck	action	intent	mori	production	withdraw-note	CertificateExpiresSoon (75f2a12d0fe57869)	intent\nwithdraw-note\nmori\ncertificateexpiressoon (75f2a12d0fe57869)	{"seq":2,"at":"2026-12-01T00:00:27.510150141Z","prev":"644119aad44e835ff1032254f86a08581755705446c15f6d81cdc557bc25162b","what":"intent","run":"01M8QEE6V9GJ3W8QXPXYT518BC","action":"withdraw-note","environment":"production","cluster":"","actor":"mori","target":0,"words":"CertificateExpiresSoon (75f2a12d0fe57869)","hash":"291fe75d6ce340580fe0c9de4e50151e646263a4a54ca31b24359fee3eeee9d6"}
19	journal/20261201T000027Z-25842-ca7c9d54	3	291fe75d6ce340580fe0c9de4e50151e646263a4a54ca31b24359fee3eeee9d6	e59dc83ae543dfe341ba31c221175c16e7772052fb177b251ac0387e15c772c9	2026-12-01 00:00:27.584725+00	2026-12-01 00:00:27.804134+00	quarterdeck	action	settled	mori	production	withdraw-note	CertificateExpiresSoon (75f2a12d0fe57869): the note is taken back.	settled\nwithdraw-note\nmori\ncertificateexpiressoon (75f2a12d0fe57869): the note is taken back.	{"seq":3,"at":"2026-12-01T00:00:27.584725019Z","prev":"291fe75d6ce340580fe0c9de4e50151e646263a4a54ca31b24359fee3eeee9d6","what":"settled","run":"01M8QEE6V9GJ3W8QXPXYT518BC","action":"withdraw-note","environment":"production","cluster":"","actor":"mori","target":0,"outcome":"done","words":"CertificateExpiresSoon (75f2a12d0fe57869): the note is taken back.","hash":"e59dc83ae543dfe341ba31c221175c16e7772052fb177b251ac0387e15c772c9"}
20	journal/20261201T000027Z-25842-ca7c9d54	4	e59dc83ae543dfe341ba31c221175c16e7772052fb177b251ac0387e15c772c9	b45c8037a434337ba737534d8fb96955db2dfdffb1c4ec81ce49197d13beb877	2026-12-01 00:00:27.585767+00	2026-12-01 00:00:27.804722+00	quarterdeck	action	ended	mori	production	withdraw-note	CertificateExpiresSoon: the note is taken back.	ended\nwithdraw-note\nmori\ncertificateexpiressoon: the note is taken back.	{"seq":4,"at":"2026-12-01T00:00:27.585767524Z","prev":"e59dc83ae543dfe341ba31c221175c16e7772052fb177b251ac0387e15c772c9","what":"ended","run":"01M8QEE6V9GJ3W8QXPXYT518BC","action":"withdraw-note","environment":"production","cluster":"","actor":"mori","phase":"done","words":"CertificateExpiresSoon: the note is taken back.","hash":"b45c8037a434337ba737534d8fb96955db2dfdffb1c4ec81ce49197d13beb877"}
21	journal/20270115T080000Z-25413-6587760b	1		c8d85b3f9347a7ef3f29854b81ec05d6fded2bda5650c9973216eb56c742ef1f	2027-01-15 08:00:00+00	2026-12-01 00:00:27.810852+00	quarterdeck	action	given_up	mori	production	rollback	closed without confirming 決済	given_up\nrollback\nmori\nclosed without confirming 決済	{"seq":1,"at":"2027-01-15T08:00:00Z","prev":"","what":"given_up","run":"r","action":"rollback","environment":"production","cluster":"c","actor":"mori","words":"closed without confirming 決済","hash":"c8d85b3f9347a7ef3f29854b81ec05d6fded2bda5650c9973216eb56c742ef1f"}
22	journal/20270115T080000Z-25413-6587760b	2	c8d85b3f9347a7ef3f29854b81ec05d6fded2bda5650c9973216eb56c742ef1f	3b2e62ed623d94d03d24e24dcd4f5f10f5f54c90b5ea58dc4f0f906e4aadb489	2027-01-15 08:00:00+00	2026-12-01 00:00:27.811865+00	quarterdeck	security	refused	mori	production	rollback	frozen	refused\nrollback\nmori\nfrozen	{"seq":2,"at":"2027-01-15T08:00:00Z","prev":"c8d85b3f9347a7ef3f29854b81ec05d6fded2bda5650c9973216eb56c742ef1f","what":"refused","run":"r","action":"rollback","environment":"production","cluster":"c","actor":"mori","words":"frozen","hash":"3b2e62ed623d94d03d24e24dcd4f5f10f5f54c90b5ea58dc4f0f906e4aadb489"}
23	store/01M8QEE75TRGEXGKGX7QMQ7QC8	1		ce1477369454095070afd46aa53583ddd91b3e063155bf45ebfca483b5755a82	2026-12-01 00:00:27.866301+00	2026-12-01 00:00:27.884414+00	quarterdeck	data	annotated	mori	production	workload shop/deployment/gateway	deploy: v2	annotated\nworkload shop/deployment/gateway\nmori\ndeploy: v2	{"seq":1,"at":"2026-12-01T00:00:27.866301Z","prev":"","id":"01M8QEE75T3GG1D734WEC3T2RC","kind":"data","what":"annotated","actor":"mori","origin":"mori@bastion","environment":"production","about":"workload shop/deployment/gateway","words":"deploy: v2","hash":"ce1477369454095070afd46aa53583ddd91b3e063155bf45ebfca483b5755a82"}
24	store/01M8QEE75TRGEXGKGX7QMQ7QC8	2	ce1477369454095070afd46aa53583ddd91b3e063155bf45ebfca483b5755a82	38dc56aa4f43cbdf3f99b29ee56bc4d6d757d6984423cae9cbd659636ae48918	2026-12-01 00:00:27.896271+00	2026-12-01 00:00:27.899033+00	quarterdeck	data	acknowledged	lee	production	alert gone	HighErrorRate taken. looking at 決済	acknowledged\nalert gone\nlee\nhigherrorrate taken. looking at 決済	{"seq":2,"at":"2026-12-01T00:00:27.896271Z","prev":"ce1477369454095070afd46aa53583ddd91b3e063155bf45ebfca483b5755a82","id":"01M8QEE77QS59SAX214PA9JBW6","kind":"data","what":"acknowledged","actor":"lee","origin":"lee@bastion","environment":"production","about":"alert gone","words":"HighErrorRate taken. looking at 決済","hash":"38dc56aa4f43cbdf3f99b29ee56bc4d6d757d6984423cae9cbd659636ae48918"}
25	store/01M8QEE75TRGEXGKGX7QMQ7QC8	3	38dc56aa4f43cbdf3f99b29ee56bc4d6d757d6984423cae9cbd659636ae48918	e103c9f403c20463c59ea4335cb33c5866af470f9d46ba1c35c14f524568e3d2	2026-12-01 00:00:27.903343+00	2026-12-01 00:00:27.905104+00	quarterdeck	data	acknowledgement withdrawn	lee	production	alert gone	HighErrorRate given back, held by lee.	acknowledgement withdrawn\nalert gone\nlee\nhigherrorrate given back, held by lee.	{"seq":3,"at":"2026-12-01T00:00:27.903343Z","prev":"38dc56aa4f43cbdf3f99b29ee56bc4d6d757d6984423cae9cbd659636ae48918","id":"01M8QEE77Y0JYP1YNMK6ZMJ5MF","kind":"data","what":"acknowledgement withdrawn","actor":"lee","origin":"lee@bastion","environment":"production","about":"alert gone","words":"HighErrorRate given back, held by lee.","hash":"e103c9f403c20463c59ea4335cb33c5866af470f9d46ba1c35c14f524568e3d2"}
\.


--
-- Data for Name: audit_head; Type: TABLE DATA; Schema: quarterdeck; Owner: -
--

COPY quarterdeck.audit_head (chain, seq, hash) FROM stdin;
store/01M8QEE5W4352Y01ZMG6XW3C9V	1	a57db9462b919de3887b1e32d6628ae71f4aef72ab37e576634a13bd2c7f8046
store/01M8QEE65SMD8B2PCT00C9C6NP	1	6192b92cc916ef896a57c6839ec3ff2738a583bb28ba0fec3cd119699dfcc167
store/01M8QEE6FG44N16D1AJ6MZDXTH	1	897cd3a2943d547de554f0e94cfffa356a29e6458da0e8b114923979cfe58550
store/01M8QEE6RXJMZEBNG6GTAJWWAN	1	71537b2042f03228f877799e567603e18445570035ce293f774e1344a22de1d8
journal/20261201T000026Z-25768-0bd48bed	4	39d2993d6c7aba2beb7be900a95a82053bf065d4afc3c2ee5aa73b814c6ad911
journal/20261201T000026Z-25791-a48512c1	4	4e5386e5a8b64096e994a3e270784971dd8e295c34bd1452bfd937c77c5a6ea3
journal/20261201T000027Z-25820-22629d78	4	85eb245b50327d7d9a4244c56e6755c5e4f52652c41724b573a93e3056114f7a
journal/20261201T000027Z-25842-ca7c9d54	4	b45c8037a434337ba737534d8fb96955db2dfdffb1c4ec81ce49197d13beb877
journal/20270115T080000Z-25413-6587760b	2	3b2e62ed623d94d03d24e24dcd4f5f10f5f54c90b5ea58dc4f0f906e4aadb489
store/01M8QEE75TRGEXGKGX7QMQ7QC8	3	e103c9f403c20463c59ea4335cb33c5866af470f9d46ba1c35c14f524568e3d2
\.


--
-- Data for Name: migration; Type: TABLE DATA; Schema: quarterdeck; Owner: -
--

COPY quarterdeck.migration (version, digest, applied_at) FROM stdin;
1	bb7f3bc17ec5c759db6e37430e29b1b99e82ef78b8cf9155fab28865b922e78e	2026-12-01 00:00:26.442398+00
2	8088efa71bf0921090059eb0793d20be8d0fd8a40dc65f9d25e4ead648c06831	2026-12-01 00:00:26.449496+00
\.


--
-- Data for Name: note; Type: TABLE DATA; Schema: quarterdeck; Owner: -
--

COPY quarterdeck.note (id, environment, kind, name, text, by_name, at, edited_by, edited_at, withdrawn_by, withdrawn_at, version, attempt, "position") FROM stdin;
01M8QEE66JM9WY7EHWS7GXGEKE	production	alert	75f2a12d0fe57869	it renews tonight\n決済	mori	2026-12-01 00:00:26.918538+00	\N	\N	\N	\N	1	01M8QEE66JM9WY7EHWS7GXGEKE	2
01M8QEE6GA0HY40ASMYPRCN41B	production	alert	75f2a12d0fe57869		mori	2026-12-01 00:00:27.218565+00	\N	\N	mori	2026-12-01 00:00:27.55849+00	2	01M8QEE6VYP17BHWRFYS43Y4X0	4
\.


--
-- Data for Name: release_seen; Type: TABLE DATA; Schema: quarterdeck; Owner: -
--

COPY quarterdeck.release_seen (cluster, revision_uid, environment, workload, revision, images, seen_at, healthy_at) FROM stdin;
c1	u1	production	shop/deployment/gateway	7	["gateway:2"]	2026-12-01 00:00:27.834607+00	2026-12-01 00:00:27.834607+00
\.


--
-- Name: acknowledgement acknowledgement_pkey; Type: CONSTRAINT; Schema: quarterdeck; Owner: -
--

ALTER TABLE ONLY quarterdeck.acknowledgement
    ADD CONSTRAINT acknowledgement_pkey PRIMARY KEY (environment, fingerprint);


--
-- Name: annotation annotation_pkey; Type: CONSTRAINT; Schema: quarterdeck; Owner: -
--

ALTER TABLE ONLY quarterdeck.annotation
    ADD CONSTRAINT annotation_pkey PRIMARY KEY (id);


--
-- Name: audit audit_chain_seq_key; Type: CONSTRAINT; Schema: quarterdeck; Owner: -
--

ALTER TABLE ONLY quarterdeck.audit
    ADD CONSTRAINT audit_chain_seq_key UNIQUE (chain, seq);


--
-- Name: audit_head audit_head_pkey; Type: CONSTRAINT; Schema: quarterdeck; Owner: -
--

ALTER TABLE ONLY quarterdeck.audit_head
    ADD CONSTRAINT audit_head_pkey PRIMARY KEY (chain);


--
-- Name: audit audit_pkey; Type: CONSTRAINT; Schema: quarterdeck; Owner: -
--

ALTER TABLE ONLY quarterdeck.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY ("position");


--
-- Name: migration migration_pkey; Type: CONSTRAINT; Schema: quarterdeck; Owner: -
--

ALTER TABLE ONLY quarterdeck.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (version);


--
-- Name: note note_pkey; Type: CONSTRAINT; Schema: quarterdeck; Owner: -
--

ALTER TABLE ONLY quarterdeck.note
    ADD CONSTRAINT note_pkey PRIMARY KEY (id);


--
-- Name: release_seen release_seen_pkey; Type: CONSTRAINT; Schema: quarterdeck; Owner: -
--

ALTER TABLE ONLY quarterdeck.release_seen
    ADD CONSTRAINT release_seen_pkey PRIMARY KEY (cluster, revision_uid);


--
-- Name: acknowledgement_by_position; Type: INDEX; Schema: quarterdeck; Owner: -
--

CREATE INDEX acknowledgement_by_position ON quarterdeck.acknowledgement USING btree ("position");


--
-- Name: acknowledgement_by_time; Type: INDEX; Schema: quarterdeck; Owner: -
--

CREATE INDEX acknowledgement_by_time ON quarterdeck.acknowledgement USING btree (environment, at);


--
-- Name: acknowledgement_live; Type: INDEX; Schema: quarterdeck; Owner: -
--

CREATE INDEX acknowledgement_live ON quarterdeck.acknowledgement USING btree ("position") WHERE (withdrawn_at IS NULL);


--
-- Name: annotation_by_position; Type: INDEX; Schema: quarterdeck; Owner: -
--

CREATE INDEX annotation_by_position ON quarterdeck.annotation USING btree ("position");


--
-- Name: annotation_by_time; Type: INDEX; Schema: quarterdeck; Owner: -
--

CREATE INDEX annotation_by_time ON quarterdeck.annotation USING btree (environment, at);


--
-- Name: audit_by_actor; Type: INDEX; Schema: quarterdeck; Owner: -
--

CREATE INDEX audit_by_actor ON quarterdeck.audit USING btree (actor, "position");


--
-- Name: audit_by_environment; Type: INDEX; Schema: quarterdeck; Owner: -
--

CREATE INDEX audit_by_environment ON quarterdeck.audit USING btree (environment, "position");


--
-- Name: audit_by_kind; Type: INDEX; Schema: quarterdeck; Owner: -
--

CREATE INDEX audit_by_kind ON quarterdeck.audit USING btree (kind, "position");


--
-- Name: audit_by_time; Type: INDEX; Schema: quarterdeck; Owner: -
--

CREATE INDEX audit_by_time ON quarterdeck.audit USING btree (at);


--
-- Name: note_by_position; Type: INDEX; Schema: quarterdeck; Owner: -
--

CREATE INDEX note_by_position ON quarterdeck.note USING btree ("position");


--
-- Name: note_by_subject; Type: INDEX; Schema: quarterdeck; Owner: -
--

CREATE INDEX note_by_subject ON quarterdeck.note USING btree (environment, kind, name, at);


--
-- Name: note_live; Type: INDEX; Schema: quarterdeck; Owner: -
--

CREATE INDEX note_live ON quarterdeck.note USING btree ("position") WHERE ((withdrawn_at IS NULL) AND (kind = 'alert'::text));


--
-- Name: release_seen_by_workload; Type: INDEX; Schema: quarterdeck; Owner: -
--

CREATE INDEX release_seen_by_workload ON quarterdeck.release_seen USING btree (cluster, workload, seen_at);


--
-- Name: audit audit_append; Type: TRIGGER; Schema: quarterdeck; Owner: -
--

CREATE TRIGGER audit_append BEFORE INSERT ON quarterdeck.audit FOR EACH ROW EXECUTE FUNCTION quarterdeck.audit_append();


--
-- Name: audit_head audit_head_guard; Type: TRIGGER; Schema: quarterdeck; Owner: -
--

CREATE TRIGGER audit_head_guard BEFORE INSERT OR UPDATE ON quarterdeck.audit_head FOR EACH ROW EXECUTE FUNCTION quarterdeck.audit_head_guard();


--
-- Name: audit_head audit_head_refuse; Type: TRIGGER; Schema: quarterdeck; Owner: -
--

CREATE TRIGGER audit_head_refuse BEFORE DELETE OR TRUNCATE ON quarterdeck.audit_head FOR EACH STATEMENT EXECUTE FUNCTION quarterdeck.audit_refuse();


--
-- Name: audit audit_refuse; Type: TRIGGER; Schema: quarterdeck; Owner: -
--

CREATE TRIGGER audit_refuse BEFORE DELETE OR UPDATE OR TRUNCATE ON quarterdeck.audit FOR EACH STATEMENT EXECUTE FUNCTION quarterdeck.audit_refuse();


--
-- PostgreSQL database dump complete
--


