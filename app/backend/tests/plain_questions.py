"""Small documents, and the questions that people try first: answered ones and open ones."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Small:
    """A document with questions. answered: a question, and what the answer must hold.

    open: questions about the same things whose answers stand nowhere.
    """

    name: str
    text: str
    answered: tuple[tuple[str, str], ...]
    open: tuple[str, ...]


DOCUMENTS = (
    Small(
        "pump.md",
        "# Pump\n\nThe operating pressure of the pump is 4 bar.\n",
        (
            ("What is the operating pressure of the pump?", "4 bar"),
            ("What pressure does the pump run at?", "4 bar"),
        ),
        ("How much does the pump weigh?", "Who manufactures the pump?"),
    ),
    Small(
        "library-hours.md",
        "# Fernhill public library\n\n"
        "The library is open Monday to Friday from 9:00 to 18:00 and on Saturday until 13:00."
        " It is closed on Sundays.\n\nA library card costs 12 euros a year.\n",
        (
            ("When is the library open?", "9:00 to 18:00"),
            ("What are the opening hours of the library?", "9:00 to 18:00"),
            ("Is the library open on Sunday?", "closed on Sundays"),
            ("How much is a library card?", "12 euros"),
        ),
        ("How many books does the library own?", "Who is the director of the library?"),
    ),
    Small(
        "contact.txt",
        "Contact\n\nBrightwell Dental Practice\n14 Mill Lane, Ashby\nPhone: 01632 960 114\n"
        "E-mail: desk@brightwell.example\n\nOutside office hours call the emergency line:"
        " 01632 960 999.\n",
        (
            ("What is the phone number of Brightwell Dental Practice?", "01632 960 114"),
            ("What is the email address of the dental practice?", "desk@brightwell.example"),
            ("What is the address of Brightwell Dental Practice?", "14 Mill Lane"),
            ("Which number do I call outside office hours?", "01632 960 999"),
        ),
        ("Who founded Brightwell Dental Practice?", "How much does a filling cost?"),
    ),
    Small(
        "prices.md",
        "# Swimming pool\n\n| Ticket | Price |\n|---|---|\n"
        "| Adult | 6.50 EUR |\n| Child under 12 | 3.00 EUR |\n| Family | 15.00 EUR |\n\n"
        "Towels can be rented for 2 EUR.\n",
        (
            ("How much is a family ticket?", "15.00 EUR"),
            ("What does an adult pay for the swimming pool?", "6.50 EUR"),
            ("How much does it cost to rent a towel?", "2 EUR"),
        ),
        ("How deep is the swimming pool?", "When does the swimming pool open?"),
    ),
    Small(
        "team.txt",
        "Marta Lindqvist is the head of the research department. She joined the company in 2014.\n"
        "Joon Park leads sales. His deputy is Ada Okoro.\n",
        (
            ("Who is the head of the research department?", "Marta Lindqvist"),
            ("Who leads sales?", "Joon Park"),
            ("Who is Joon Park's deputy?", "Ada Okoro"),
            ("When did Marta Lindqvist join the company?", "2014"),
            ("Who is Marta Lindqvist?", "head of the research department"),
        ),
        ("Who is the head of marketing?", "What is the salary of Joon Park?"),
    ),
    Small(
        "cachet.md",
        "# Cachet\n\nCachet is a small key-value server written in Rust.\n\n## Configuration\n\n"
        "By default, Cachet listens on port 7411. Change it with the `--port` option.\n"
        "Logs are written to `/var/log/cachet.log`.\n",
        (
            ("What is the default port of Cachet?", "7411"),
            ("How do I change the port of Cachet?", "--port"),
            ("Where are the logs of Cachet?", "/var/log/cachet.log"),
            ("What is Cachet?", "key-value server"),
            ("Which language is Cachet written in?", "Rust"),
        ),
        ("Which licence does Cachet have?", "How do I back up Cachet?"),
    ),
    Small(
        "password.md",
        "# How to reset your password\n\n1. Open the sign-in page and choose *Forgot password*.\n"
        "2. Enter your e-mail address.\n3. Follow the link in the message within 30 minutes.\n\n"
        "Passwords must have at least 12 characters.\n",
        (
            ("How do I reset my password?", "Forgot password"),
            ("How long must a password be?", "12 characters"),
            ("How long is the link to reset the password valid?", "30 minutes"),
        ),
        ("How do I delete my account?", "How often must I change my password?"),
    ),
    Small(
        "rental.txt",
        "The rent for the flat in Quarry Street 9 is 840 euros a month. The deposit is two months'"
        " rent. The contract starts on 1 March 2031 and can be ended with three months' notice.\n",
        (
            ("How much is the rent?", "840 euros"),
            ("When does the contract start?", "1 March 2031"),
            ("How high is the deposit?", "two months' rent"),
            ("What is the notice period?", "three months"),
        ),
        ("How many rooms does the flat have?", "Are pets allowed in the flat?"),
    ),
    Small(
        "concert.txt",
        "The Tamarind Quartet plays in the town hall on Friday, 12 June, at 8 pm. Tickets cost 18"
        " pounds and are sold at the box office.\n",
        (
            ("When does the Tamarind Quartet play?", "12 June"),
            ("Where does the Tamarind Quartet play?", "town hall"),
            ("How much are tickets for the concert of the Tamarind Quartet?", "18 pounds"),
            ("Where can I buy tickets?", "box office"),
        ),
        ("Who conducts the Tamarind Quartet?", "How many seats does the town hall have?"),
    ),
    Small(
        "warranty.md",
        "## Warranty\n\nThe Halden drill has a warranty of 36 months. Wear parts are not covered.\n"
        "\n## Returns\n\nItems can be returned within 14 days. The buyer pays the postage.\n",
        (
            ("How long is the warranty of the Halden drill?", "36 months"),
            ("Within how many days can I return an item?", "14 days"),
            ("Who pays the postage for returns?", "buyer"),
            ("Are wear parts covered by the warranty?", "not covered"),
        ),
        ("What is the power of the Halden drill?", "Where is the Halden drill made?"),
    ),
    Small(
        "recipe.txt",
        "Lentil soup for four people\n\nYou need 300 g of red lentils, two onions and one litre of"
        " stock. Fry the onions, add lentils and stock, and simmer for 20 minutes.\n",
        (
            ("How many lentils do I need for the soup?", "300 g"),
            ("How long does the lentil soup simmer?", "20 minutes"),
            ("How much stock is needed for the lentil soup?", "one litre"),
        ),
        ("How many calories does the lentil soup have?", "Can I freeze the lentil soup?"),
    ),
    Small(
        "train.txt",
        "The night train to Lisbon leaves platform 7 at 22:15. It arrives at 10:40 the next"
        " morning. Bicycles must be booked.\n",
        (
            ("When does the night train to Lisbon leave?", "22:15"),
            ("Which platform does the train to Lisbon leave from?", "platform 7"),
            ("When does the train arrive in Lisbon?", "10:40"),
        ),
        ("How much is a ticket to Lisbon?", "Is there a restaurant on the night train?"),
    ),
    Small(
        "dog.txt",
        "Name: Biscuit\nBreed: Welsh terrier\nBorn: 4 April 2029\nOwner: Hanna Weir\n"
        "Chip number: 981 0220 771\n",
        (
            ("What breed is Biscuit?", "Welsh terrier"),
            ("When was Biscuit born?", "4 April 2029"),
            ("Who is the owner of Biscuit?", "Hanna Weir"),
            ("What is the chip number of Biscuit?", "981 0220 771"),
        ),
        ("How heavy is Biscuit?", "Which vet treats Biscuit?"),
    ),
    Small(
        "museum.md",
        "# Ropewalk Museum\n\nThe museum was founded in 1926 by the shipowner Elias Thorne."
        " It shows 340 objects from the age of sail. Admission is free.\n",
        (
            ("Who founded the Ropewalk Museum?", "Elias Thorne"),
            ("When was the Ropewalk Museum founded?", "1926"),
            ("How many objects does the museum show?", "340"),
            ("How much is admission to the Ropewalk Museum?", "free"),
        ),
        ("Who is the director of the Ropewalk Museum?", "Is there a café in the museum?"),
    ),
    Small(
        "holiday.txt",
        "Every employee has 28 days of paid leave a year. Up to five days may be carried over, but"
        " only until the end of March. Requests go to the team lead.\n",
        (
            ("How many days of leave do employees have?", "28 days"),
            ("How many days can be carried over?", "five days"),
            ("To whom do I send a request for leave?", "team lead"),
            ("How many vacation days do I get?", "28 days"),
        ),
        ("Is there paternity leave?", "When are salaries paid?"),
    ),
    Small(
        "river.txt",
        "The Aldra is 214 kilometres long. It rises on Mount Kessel and flows into the Bay of Orr."
        " The largest town on its banks is Perrin, with 48,000 inhabitants.\n",
        (
            ("How long is the Aldra?", "214 kilometres"),
            ("Where does the Aldra rise?", "Mount Kessel"),
            ("How many people live in Perrin?", "48,000"),
            ("What is the largest town on the Aldra?", "Perrin"),
        ),
        ("How deep is the Aldra?", "Who is the mayor of Perrin?"),
    ),
    Small(
        "support.md",
        "# Support\n\nOur support team answers within two working days. Write to"
        " help@tessera.example or use the form in the app. There is no support by phone.\n",
        (
            ("How do I contact support?", "help@tessera.example"),
            ("How fast does the support team answer?", "two working days"),
            ("Can I call the support?", "no support by phone"),
        ),
        ("In which languages is support given?", "How many people work in support?"),
    ),
    Small(
        "invoice.txt",
        "Invoice 2031-0457\nDate: 3 May 2031\nCustomer: Orchard Logistics Ltd\n"
        "Total: 1,284.50 EUR\nDue: 2 June 2031\n",
        (
            ("What is the total of invoice 2031-0457?", "1,284.50 EUR"),
            ("When is invoice 2031-0457 due?", "2 June 2031"),
            ("Who is the customer of invoice 2031-0457?", "Orchard Logistics"),
        ),
        ("Which bank account is invoice 2031-0457 paid to?",),
    ),
    Small(
        "office.txt",
        "The Wi-Fi network of the office is called Heron. Guests get a code at the reception on the"
        " ground floor. The printer stands in room 3.12.\n",
        (
            ("What is the name of the Wi-Fi network?", "Heron"),
            ("Where is the printer?", "room 3.12"),
            ("Where do guests get a code for the Wi-Fi?", "reception"),
            ("What is the Wi-Fi called?", "Heron"),
        ),
        ("What is the password of the printer?", "How many parking spaces does the office have?"),
    ),
    Small(
        "novel.txt",
        '"The Salt Road" is a novel by Imre Castell. It was published in 1962 and tells of two'
        " brothers who cross a desert. It won the Orfeo Prize.\n",
        (
            ("Who wrote The Salt Road?", "Imre Castell"),
            ("When was The Salt Road published?", "1962"),
            ("Which prize did The Salt Road win?", "Orfeo Prize"),
            ("What is The Salt Road about?", "two brothers"),
        ),
        ("How many pages does The Salt Road have?", "Who translated The Salt Road?"),
    ),
    Small(
        "bridge.txt",
        "The Ostrand bridge was built in 1902 from riveted steel. It is 310 metres long.\n\n"
        "The toll keeper is called Rufus. Cars pay 3 euros, and cyclists cross free of charge.\n",
        (
            ("When was the Ostrand bridge built?", "1902"),
            ("How long is the bridge?", "310 metres"),
            ("What is the toll keeper called?", "Rufus"),
            ("What do cars pay on the bridge?", "3 euros"),
            ("What is the Ostrand bridge made of?", "steel"),
        ),
        (
            "Who designed the bridge?",
            "What colour is the Ostrand bridge?",
            "How many cars cross the bridge each day?",
            "Who is the engineer of the Ostrand bridge?",
        ),
    ),
)
