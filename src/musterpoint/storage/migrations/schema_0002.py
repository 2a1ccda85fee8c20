"""The tables of revision 0002 in the short form of `making`; never changed once released."""

from __future__ import annotations

from typing import Final

SCHEMA: Final = """
encounter_detail
    number big, detail bytes
    primary: number

journal_tile
    level int, number big, hashes bytes
    primary: level number

reference_image
    number big, image bytes
    primary: number

reference_template
    number big, template bytes
    primary: number

retention_clock
    number int, last_seen big, has_residue bool
    primary: number

search_day
    agreement_id uuid, purpose text, day int, searches int
    primary: agreement_id purpose day

station
    station_id text, public_key bytes, provisioned big?
    primary: station_id

journal
    position big, occurred_at big, station_id text -> station.station_id, seq big, leaf_hash bytes,
    entry bytes, agreement text?, encounter_id uuid?, ops bytes?, person bytes?
    primary: position
    unique: station_id seq
    check position: position > 0

journal_head
    number int, size big, frontier bytes, station_id text? -> station.station_id, seq big, previous text,
    clock big
    primary: number
    check only: number = 1

adjudication_case
    number int, case_id uuid, encounter_id uuid, people int, opened_at big, verdict text?,
    decided_by text, decided_at big?, position line
    primary: number
    unique: case_id
    unique: encounter_id
    index: verdict
    check decided: (verdict IS NULL) = (decided_at IS NULL)
    check number: number > 0

adjudication_pair
    number big, pair_id uuid, probe_id uuid, candidate_id uuid, round int, standing text, verdict text?,
    decided_at big?, known_answer bytes, position line
    primary: number
    unique: pair_id
    index: candidate_id
    index: probe_id
    index: standing

agreement
    agreement_id uuid, version int, ended_at big?, position line
    primary: agreement_id

alarm
    number big, site text, rate text, level text, happened big, attempts big, opened_at big,
    closed_at big?, closed_by text, position line
    primary: number

appeal
    number int, encounter_id uuid, appealed_by text, opened_by text, opened_at big, stays bool,
    opened big, earlier_answer text?, earlier_verdict text?, earlier_subject uuid?, outcome text?,
    decided_by text, decided_at big?, detail bytes, position line
    primary: number
    index: encounter_id
    index: outcome

biography
    encounter_id uuid, detail bytes, position line
    primary: encounter_id

decision
    number big, decision_id uuid, encounter_id uuid, state text, exception_of text?, author text,
    approver text, decided_at big, expires_at big?, detail bytes, position line
    primary: number
    unique: decision_id
    index: encounter_id
    index: expires_at

erased_subject
    subject_id uuid, has_residue bool, position line
    primary: subject_id

erasure
    erasure_id uuid, subject_id uuid, why text, commitment text, keys text, begun_at big, begun big,
    complete big?, position line
    primary: erasure_id
    unique: subject_id

gallery
    name text, position line
    primary: name

holder
    name text, kind text, holds_from big, expires_at big?, gone_at big?, position line
    primary: name

index_change
    number big, encounter_id uuid, position line
    primary: number
    index: position

known_answer
    number big, content bytes, position line
    primary: number

presentation
    encounter_id uuid, agreement text, reason text?, no_list bool, counted big, detail bytes,
    position line
    primary: encounter_id

reference_staged
    number big, encounter_id uuid, extractor text, template bytes?, position line
    primary: number
    index: encounter_id

request
    number big, request_id uuid, encounter_id uuid?, is_erased bool, content bytes, position line
    primary: number
    unique: request_id

retention
    record_id uuid, kept text, retain_until big, position line
    primary: record_id kept
    index: retain_until

retention_mark
    number big, encounter_id uuid, mark text, reason text, author text, marked_at big, until big?,
    ended_as text, ended_by text, ended_at big?, position line
    primary: number
    index: encounter_id

retention_rule
    agreement text, gallery text, kept text, days int, position line
    primary: agreement gallery kept

seat
    name text, role text, party text, public_key text, is_practice bool, valid_until big?,
    revoked_at big?, position line
    primary: name
    unique: public_key

subject
    subject_id uuid, status text, merged_into uuid? -> subject.subject_id, position line
    primary: subject_id

subject_change
    number int, kind text, undoes int?, seat text, second text, changed_at big, position line
    primary: number
    index: undoes

adjudication_candidate
    number int -> adjudication_case.number, encounter_id uuid, strength bytes, verdict text?
    primary: number encounter_id
    index: encounter_id

adjudication_opinion
    number big, pair_number big -> adjudication_pair.number, seat text, is_arbiter bool, shown_at big,
    given_at big, opinion bytes, position line
    primary: number
    unique: pair_number seat
    index: seat

adjudication_showing
    pair_number big -> adjudication_pair.number, seat text, shown_at big, ended_at big?, position line
    primary: pair_number seat
    index: seat

agreement_answer
    number int, agreement_id uuid -> agreement.agreement_id, version int, digest text, party text,
    answer text, statement text, signature text, position line
    primary: number
    index: agreement_id

agreement_version
    agreement_id uuid -> agreement.agreement_id, version int, digest text, document text, position line
    primary: agreement_id version

broken_glass
    number int, seat text -> seat.name, second text -> seat.name, act text, reason text, valid_until big,
    position line
    primary: number
    index: seat

encounter
    number big -> encounter_detail.number, encounter_id uuid, subject_id uuid? -> subject.subject_id,
    kind text, gallery text -> gallery.name, purpose text, site text, occurred_at big, outcome text,
    answer text?, position line
    primary: number
    unique: encounter_id
    index: occurred_at encounter_id
    index: subject_id

erased_encounter
    encounter_id uuid, subject_id uuid -> erased_subject.subject_id
    primary: encounter_id
    index: subject_id

erasure_store
    erasure_id uuid -> erasure.erasure_id, name text, kind text, asked_at big, expires_at big?,
    answered_at big?
    primary: erasure_id name
    index: answered_at

gallery_agreement
    name text -> gallery.name, agreement_id uuid, is_attached bool, position line
    primary: name agreement_id

gallery_term
    name text -> gallery.name, owner text, purpose text, is_practice bool, no_list bool, position line
    primary: name

request_mention
    record_id uuid, request_number big -> request.number, is_own bool
    primary: record_id request_number
    index: request_number

subject_change_encounter
    number int -> subject_change.number, encounter_id uuid, before uuid, after uuid
    primary: number encounter_id
    index: after
    index: before
    index: encounter_id

subject_change_state
    number int -> subject_change.number, subject_id uuid, was_active bool, was_merged_into uuid?,
    is_active bool, merged_into uuid?
    primary: number subject_id
    index: subject_id

target_setting
    number int, agreement_id uuid -> agreement.agreement_id, version int, purpose text,
    target_fpir_ppm int, set_by text, second text, position line
    primary: number
    index: agreement_id

encounter_gallery
    number big, encounter_number big -> encounter.number, gallery text -> gallery.name, position line,
    left_position line?
    primary: number
    index: encounter_number gallery

reference
    number big -> reference_template.number, reference_id uuid, encounter_number big -> encounter.number,
    position line
    primary: number
    unique: reference_id
    index: encounter_number
    index: position
"""
