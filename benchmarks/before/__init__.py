"""The naive service: what the product is measured against."""
