-- Version 3. Each worker says after how many seconds of silence others take over from it: whoever looks may have another
-- span. None: it is of a build that did not say it.
ALTER TABLE worker ADD COLUMN takeover DOUBLE PRECISION;
