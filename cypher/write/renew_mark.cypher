// name: renew_mark
// summary: Renew the lock on the database, if this load still holds it.
// mode: write
// engine: neo4j
// param token: string -- the load
// param lease: int -- milliseconds from now
// column held: bool -- it still does
// column holder: string -- who holds it

MATCH (m:LoadMark {slot: 'graph'})
WITH m, coalesce(m.token = $token, false) AS held
FOREACH (_ IN CASE WHEN held THEN [1] ELSE [] END | SET m.until = timestamp() + $lease)
RETURN held, coalesce(m.holder, 'nobody') AS holder
