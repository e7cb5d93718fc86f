// name: degree_distribution
// summary: How many neurons have how many partners, in bins that double in width.
// mode: read
// engine: neo4j
// column from_partners: int -- fewest partners, upstream plus downstream
// column to_partners: int -- most partners
// column neurons: int -- neurons in this bin
// order: from_partners
//
// Nothing to change.

MATCH (n:Neuron)
WITH n.in_partners + n.out_partners AS partners
WITH CASE WHEN partners = 0 THEN 0
          ELSE toInteger(2 ^ floor(log(partners) / log(2) + 0.0000001)) END AS from_partners
RETURN from_partners, CASE WHEN from_partners = 0 THEN 0 ELSE 2 * from_partners - 1 END AS to_partners,
       count(*) AS neurons
ORDER BY from_partners
