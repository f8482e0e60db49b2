"""Adds files, and a history that is longer than any page."""

client.log_text(answer['numbers'], 'grüße\n' * 50, 'notes/größe 1.txt')
client.log_text(answer['numbers'], 'sklearn==1.0', 'model/requirements.txt')
client.log_text(answer['numbers'], 'flavors: {python_function: {}}', 'model/MLmodel')
for begin in range(0, 3000, 1000):
    client.log_batch(answer['child'], metrics=[Metric('long', i * i % 97, i, i) for i in range(begin, begin + 1000)])
