// expect: undeclared
int main() { return undeclared; }
