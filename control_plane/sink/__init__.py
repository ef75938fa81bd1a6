"""The served tables: table sets, views, publications, the ledger."""
