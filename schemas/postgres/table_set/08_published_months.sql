-- A trip that the stream brings for a published month is none of its file: those are all there.
create or replace function withdraw_unpublished_trips()
returns trigger language plpgsql
set search_path from current
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    earliest timestamp;
    latest timestamp;
begin
    select min(gained.dropoff_at), max(gained.dropoff_at) into earliest, latest
    from gained
    inner join publications
        on gained.taxi_type = publications.taxi_type and gained.source_month = publications.source_month
    where gained.on_time is not null;
    if earliest is null then
        return null;
    end if;
    update all_trips as known
    set withdrawn_by = published.publication
    from gained
    inner join current_publications as published
        on gained.taxi_type = published.taxi_type and gained.source_month = published.source_month
    where
        known.trip_id = gained.trip_id
        and known.dropoff_at = gained.dropoff_at
        and known.dropoff_at between earliest and latest
        and known.withdrawn_by is null
        and known.on_time is not null;
    return null;
end
$$;

create or replace trigger withdraw_unpublished_trips
after insert on all_trips
referencing new table as gained
for each statement execute function withdraw_unpublished_trips();

-- In a published month the stream changes nothing but on_time; what it would have written is kept for an undoing.
create or replace function keep_published_values()
returns trigger language plpgsql set search_path from current as $$
declare
    first_publication bigint := (
        select min(publication)
        from publications
        where taxi_type = old.taxi_type and source_month = old.source_month
    );
    kept all_trips := old;
begin
    if first_publication is null then
        return new;
    end if;
    kept.on_time := new.on_time;
    new.withdrawn_by := null;
    new.published_by := null;
    insert into replaced_trips
    select first_publication, (new).*
    on conflict (publication, trip_id, dropoff_at) do update
    set
        source_file = excluded.source_file,
        source_month = excluded.source_month,
        vendor_id = excluded.vendor_id,
        passenger_count = excluded.passenger_count,
        trip_distance = excluded.trip_distance,
        rate_code_id = excluded.rate_code_id,
        store_and_fwd_flag = excluded.store_and_fwd_flag,
        payment_type = excluded.payment_type,
        trip_type = excluded.trip_type,
        extra_cents = excluded.extra_cents,
        mta_tax_cents = excluded.mta_tax_cents,
        tip_amount_cents = excluded.tip_amount_cents,
        tolls_amount_cents = excluded.tolls_amount_cents,
        ehail_fee_cents = excluded.ehail_fee_cents,
        improvement_surcharge_cents = excluded.improvement_surcharge_cents,
        congestion_surcharge_cents = excluded.congestion_surcharge_cents,
        airport_fee_cents = excluded.airport_fee_cents,
        cbd_congestion_fee_cents = excluded.cbd_congestion_fee_cents;
    return kept;
end
$$;

create or replace trigger keep_published_values
before update on all_trips
for each row when (
    (
        old.source_file, old.source_month, old.vendor_id, old.passenger_count, old.trip_distance,
        old.rate_code_id, old.store_and_fwd_flag, old.payment_type, old.trip_type, old.extra_cents,
        old.mta_tax_cents, old.tip_amount_cents, old.tolls_amount_cents, old.ehail_fee_cents,
        old.improvement_surcharge_cents, old.congestion_surcharge_cents, old.airport_fee_cents,
        old.cbd_congestion_fee_cents
    ) is distinct from (
        new.source_file, new.source_month, new.vendor_id, new.passenger_count, new.trip_distance,
        new.rate_code_id, new.store_and_fwd_flag, new.payment_type, new.trip_type, new.extra_cents,
        new.mta_tax_cents, new.tip_amount_cents, new.tolls_amount_cents, new.ehail_fee_cents,
        new.improvement_surcharge_cents, new.congestion_surcharge_cents, new.airport_fee_cents,
        new.cbd_congestion_fee_cents
    )
    and current_setting('taxi.publishing', true) is distinct from 'yes'
)
execute function keep_published_values();
