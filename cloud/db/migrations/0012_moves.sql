-- Doses of a plan that head office carries out move without a new revision: holds, meals, journeys, what others follow. How
-- often that happened is part of the number by which a device knows that its schedule is another.
alter table medication_plans add column moves bigint not null default 0;
