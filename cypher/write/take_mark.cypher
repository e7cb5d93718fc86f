// name: take_mark
// summary: Lock the database for a load, unless another load holds the lock.
// mode: write
// engine: neo4j
// param token: string -- the load that asks, one of its kind
// param seat: string -- a lock of the computer that asks; who has it knows that its last holder has ended
// param holder: string -- who asks, for people
// param lease: int -- milliseconds for which the hold lasts unless it is renewed
// column held: bool -- the load holds the database now
// column holder: string -- who holds it

MATCH (m:LoadMark {slot: 'graph'})
WITH m, m.token IS NULL OR m.token = $token OR m.seat = $seat OR m.until < timestamp() AS free
FOREACH (_ IN CASE WHEN free THEN [1] ELSE [] END |
  SET m.token = $token, m.seat = $seat, m.holder = $holder, m.until = timestamp() + $lease)
RETURN free AS held, m.holder AS holder
