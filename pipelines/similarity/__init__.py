"""What is alike: the wording of questions, pictures, and problems that are the same problem twice."""
