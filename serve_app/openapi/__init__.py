"""The OpenAPI document: what every path takes and answers, for clients and their generators."""
