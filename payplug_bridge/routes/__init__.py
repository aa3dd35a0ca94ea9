"""The pages and addresses of the package: payment page, webhook, settings, activity."""
