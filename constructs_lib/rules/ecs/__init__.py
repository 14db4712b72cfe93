"""Amazon ECS's rules: containers, tasks and Fargate sizes."""
