"""The tables that people read: table sets, views, publications, the ledger."""
